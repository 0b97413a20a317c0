// A running test guest with a Floe that knows it: what the proofs of whole backups start from.
import { mkdirSync } from 'node:fs'
import type { JobId, MachineId, PointId } from '../../../shared/domain/ids.ts'
import type { Job } from '../../../shared/domain/job.ts'
import type { Point } from '../../../shared/domain/point.ts'
import type { Settings } from '../../../shared/domain/settings.ts'
import type { Input } from '../../../shared/ipc/contract.ts'
import { startFloe, type TestFloe } from '../floe.ts'
import { until } from '../run.ts'
import { tempDir } from '../temp.ts'
import { createExt4Image, type LinuxGuest, type LinuxGuestOptions, startLinuxGuest } from './guest.ts'
import { judgeImages, needsRecovery, type Verdict } from './judge.ts'

/** A backup of the guest, and what its restored images turned out to be. */
export interface ProvenBackup {
  readonly job: Job
  readonly point: Point
  /** Steps that the guest had acknowledged when the backup was asked for, and when it had ended. */
  readonly before: number
  readonly after: number
  readonly verdict: Verdict
  /** By disk of the guest. */
  readonly recovery: readonly boolean[]
}

export interface BackedUpGuest extends AsyncDisposable {
  readonly guest: LinuxGuest
  readonly floe: TestFloe
  readonly machineId: MachineId
  readonly folder: string
  start(choice?: Partial<Input<'backup.start'>>): Promise<JobId>
  /** Backs up, restores to new images and judges those. */
  prove(choice?: Partial<Input<'backup.start'>>): Promise<ProvenBackup>
  /** Restores a point to new images and judges those; with several points, each gives one disk, in the guest's order. */
  judge(...points: readonly [PointId, ...PointId[]]): Promise<{ verdict: Verdict; recovery: boolean[] }>
  /** Waits for `count` more acknowledged steps. */
  steps(count: number): Promise<void>
}

/** An emulated guest on a busy computer takes its time; the longest that the settings allow. */
export const patient = { freezeLimitSeconds: 60, freezeHoldSeconds: 10 }

export async function startBackedUpGuest(
  options: LinuxGuestOptions & { readonly diskCount: 1 | 2; readonly settings?: Partial<Settings> },
): Promise<BackedUpGuest> {
  const { diskCount, settings, ...guestOptions } = options
  const dir = tempDir()
  const held = new AsyncDisposableStack()
  held.use(dir)
  try {
    const first = await createExt4Image(dir.file('a.qcow2'), 48)
    const images =
      diskCount === 1 ? ([first] as const) : ([first, await createExt4Image(dir.file('b.qcow2'), 48)] as const)
    const guest = held.use(await startLinuxGuest(images, 'run', guestOptions))
    const floe = held.use(await startFloe(dir.file('home')))
    await floe.call('settings.set', { ...patient, ...settings })
    mkdirSync(dir.file('backups'))
    const destination = await floe.call('destinations.add', { path: dir.file('backups'), name: null })
    const agent = guestOptions.agent ? guest.agentPath : null
    const machine = await floe.call('machines.add', { qmp: guest.qemu.qmpPath, agent, name: 'Linux' })
    const machineId = machine.id
    const steps = async (count: number) => {
      const goal = guest.acknowledged() + count
      await until(() => guest.acknowledged() >= goal, `${count} more steps of the guest`, 120_000)
    }
    await steps(40)

    const start = async (choice: Partial<Input<'backup.start'>> = {}) => {
      const wish = { machineId, destinationId: destination.id, diskIds: null, limit: null, check: false, ...choice }
      return (await floe.call('backup.start', wish)).jobId
    }
    const restore = async (pointId: PointId, directory: string): Promise<ReadonlyMap<string | null, string>> => {
      mkdirSync(directory)
      const { jobId } = await floe.call('restore.toNewImage', { pointId, directory, format: 'qcow2' })
      const restored = new Map((await floe.done(jobId)).result?.images.map(({ disk, path }) => [disk, path]))
      const point = await floe.call('points.get', { pointId })
      return new Map(point.disks.map(({ id, sourcePath }) => [sourcePath, restored.get(id) as string]))
    }
    const judge = async (...points: readonly [PointId, ...PointId[]]) => {
      using work = tempDir()
      const bySource: ReadonlyMap<string | null, string>[] = []
      for (const [index, point] of points.entries()) bySource.push(await restore(point, work.file(String(index))))
      const restored = images.map((image, index) => {
        const path = (bySource[index] ?? bySource[0])?.get(image)
        if (!path) throw new Error(`The point has nothing of ${image}`)
        return path
      })
      const recovery: boolean[] = []
      for (const image of restored) recovery.push(await needsRecovery(image))
      return { verdict: await judgeImages(...restored), recovery }
    }
    return {
      guest,
      floe,
      machineId,
      folder: dir.path,
      start,
      judge,
      steps,
      prove: async (choice) => {
        const before = guest.acknowledged()
        const job = await floe.done(await start(choice))
        const after = guest.acknowledged()
        const pointId = job.result?.pointId as PointId
        const point = await floe.call('points.get', { pointId })
        return { job, point, before, after, ...(await judge(pointId)) }
      },
      [Symbol.asyncDispose]: () => held.disposeAsync(),
    }
  } catch (error) {
    await held.disposeAsync()
    throw error
  }
}
