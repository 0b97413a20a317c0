import { afterAll, beforeAll, expect, it } from 'vitest'
import type { GuestGuard } from '../../../electron/core/guest-agent/types.ts'
import { deviceRoots } from '../../../electron/core/instant/devices.ts'
import { insertFilters } from '../../../electron/core/instant/insert.ts'
import { snapshotDisk } from '../../../electron/core/instant/naming.ts'
import { prepareSnapshots } from '../../../electron/core/instant/prepare.ts'
import { removeSnapshots } from '../../../electron/core/instant/remove.ts'
import type { SnapshotDisk } from '../../../electron/core/instant/types.ts'
import { systemClock } from '../../../electron/core/ports/node-ports.ts'
import { connectQmp } from '../../../electron/core/qmp/connect.ts'
import type { QmpSession } from '../../../electron/core/qmp/types.ts'
import type { DiskId, JobId } from '../../../shared/domain/ids.ts'
import { quietLogger } from '../../support/core.ts'
import { createExt4Image, type LinuxGuest, startLinuxGuest } from '../../support/linux-guest/guest.ts'
import { judgeImages, needsRecovery } from '../../support/linux-guest/judge.ts'
import { RawAgent } from '../../support/linux-guest/raw-agent.ts'
import { run, until } from '../../support/run.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'

// A real Linux that writes each step to one disk and only then to the other, while instants of it are taken.
const noDanger: GuestGuard = { raise: async () => {}, lower: async () => {}, dismiss: async () => {} }
let dir: TempDir
let guest: LinuxGuest
let session: QmpSession

beforeAll(async () => {
  dir = tempDir()
  const images = [
    await createExt4Image(dir.file('a.qcow2'), 48),
    await createExt4Image(dir.file('b.qcow2'), 48),
  ] as const
  guest = await startLinuxGuest(images, 'run', { agent: true })
  session = await connectQmp({ kind: 'unix', path: guest.qemu.qmpPath }, { clock: systemClock })
  await steps(40)
})
afterAll(async () => {
  await guest?.[Symbol.asyncDispose]()
  dir?.[Symbol.dispose]()
})

async function steps(count: number): Promise<void> {
  const goal = guest.acknowledged() + count
  await until(() => guest.acknowledged() >= goal, `${count} more steps of the guest`, 120_000)
}

async function snapshots(): Promise<readonly [SnapshotDisk, SnapshotDisk]> {
  const roots = await deviceRoots(session)
  const of = (id: string, index: number) => {
    const known = { id: id as DiskId, qdev: `/machine/peripheral/${id}/virtio-backend`, virtualSize: 48 << 20 }
    return snapshotDisk('abcdefghijkl' as JobId, index, known, roots, dir.file('scratch')) as SnapshotDisk
  }
  const disks = [of('vda', 0), of('vdb', 1)] as const
  await prepareSnapshots(session, disks, { env: process.env })
  return disks
}

const insert = (disks: readonly SnapshotDisk[]) =>
  insertFilters(session, disks, { guard: noDanger, clock: systemClock, logger: quietLogger })

/** Reads the snapshots over NBD while the guest goes on, and takes the instant down. */
async function copies(disks: readonly [SnapshotDisk, SnapshotDisk], name: string): Promise<readonly [string, string]> {
  const { monitor } = guest.qemu
  const path = dir.file('nbd')
  await monitor.command('nbd-server-start', { addr: { type: 'unix', data: { path } } })
  const copy = async (disk: SnapshotDisk) => {
    await monitor.command('block-export-add', {
      type: 'nbd',
      id: disk.id,
      'node-name': disk.snapshotNode,
      name: disk.id,
    })
    const image = dir.file(`${name}-${disk.id}.qcow2`)
    await run(
      'qemu-img',
      'convert',
      '-f',
      'raw',
      '-O',
      'qcow2',
      '-r',
      '40M',
      `nbd+unix:///${disk.id}?socket=${path}`,
      image,
    )
    return image
  }
  const pair = [await copy(disks[0]), await copy(disks[1])] as const
  await monitor.command('nbd-server-stop')
  await until(
    async () => (await monitor.command<unknown[]>('query-block-exports')).length === 0,
    'the end of the exports',
  )
  await removeSnapshots(session, disks)
  return pair
}

it('an instant of two disks under constant writes is a pair, time and again', async () => {
  for (const round of [1, 2, 3]) {
    const disks = await snapshots()
    const before = guest.acknowledged()
    await insert(disks)
    const after = guest.acknowledged()
    await steps(3)
    const pair = await copies(disks, `live${round}`)
    for (const image of pair) expect(await needsRecovery(image)).toBe(true)
    const verdict = await judgeImages(...pair)
    expect(verdict, verdict.text).toMatchObject({ good: true })
    expect(verdict.end).toBeGreaterThanOrEqual(before)
    expect(verdict.end).toBeLessThanOrEqual(after + 1)
  }
})

it('an instant of a frozen guest needs no journal recovery on any disk', async () => {
  const disks = await snapshots()
  using agent = await RawAgent.connect(guest.agentPath)
  await agent.command('guest-fsfreeze-freeze')
  const before = guest.acknowledged()
  await insert(disks)
  await agent.command('guest-fsfreeze-thaw')
  await steps(3)
  const pair = await copies(disks, 'frozen')
  for (const image of pair) expect(await needsRecovery(image)).toBe(false)
  const verdict = await judgeImages(...pair)
  expect(verdict, verdict.text).toMatchObject({ good: true })
  expect([before, before + 1]).toContain(verdict.end)
})

it('filters put in one disk after the other are no instant, and that is found out', async () => {
  const disks = await snapshots()
  await insert([disks[0]])
  await steps(5)
  await insert([disks[1]])
  const verdict = await judgeImages(...(await copies(disks, 'apart')))
  expect(verdict).toMatchObject({ good: false, text: expect.stringContaining('the other ends at') })
})
