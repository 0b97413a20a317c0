import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { deleteJob } from '../../../electron/core/points/delete-job.ts'
import type { JobId } from '../../../shared/domain/ids.ts'
import type { Job } from '../../../shared/domain/job.ts'
import type { Point } from '../../../shared/domain/point.ts'
import { type BackupWorld, backupWorld, smallVolume, worldPorts } from '../../support/backup-world.ts'
import { createImage, difference, startQemu, type TestQemu } from '../../support/qemu.ts'
import { until } from '../../support/run.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'

const mebibyte = 1 << 20

/** A machine with one disk of 256 MiB that holds 96 MiB of data. */
async function machineWithData(path: string): Promise<TestQemu> {
  await createImage(path, '256M')
  const qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }] })
  for (let index = 0; index < 3; index += 1) await qemu.write('vda', `${index * 64}M`, '32M', 10 + index)
  await qemu.flush('vda')
  return qemu
}

/** Somebody else fills the drive. */
function fill(path: string): () => void {
  const others = join(path, 'others')
  execFileSync('sh', ['-c', 'cat /dev/zero > "$1" 2> /dev/null || true', 'fill', others])
  return () => rmSync(others)
}

async function leftovers(qemu: TestQemu): Promise<string[]> {
  const jobs = await qemu.monitor.command<{ id: string }[]>('query-jobs')
  const nodes = await qemu.monitor.command<{ 'node-name': string }[]>('query-named-block-nodes', { flat: true })
  return [...jobs.map((job) => job.id), ...nodes.map((node) => node['node-name'])].filter((name) =>
    name.startsWith('floe-'),
  )
}

/** Waits until the backup stands still because the drive is full. */
async function untilFull(world: BackupWorld, id: JobId): Promise<Extract<Job['state'], { kind: 'paused' }>> {
  return until(() => {
    const { state } = world.floe.board.get(id)
    if (state.kind === 'failed') throw new Error(state.problem.message)
    return state.kind === 'paused' && state.reason === 'no-space' ? state : null
  }, 'the backup to wait for room')
}

async function fullWorld(dir: TempDir, small: string) {
  const qemu = await machineWithData(dir.file('a.qcow2'))
  const world = await backupWorld({ destinationPath: join(small, 'b') })
  const id = await world.start(await world.machine(qemu), { limit: 32 * mebibyte })
  await world.reach(id, 'copying')
  const free = fill(small)
  const paused = await untilFull(world, id)
  return { qemu, world, id, paused, free }
}

test('a full destination lets the backup wait, the guest goes on, and room lets it end well by itself', async () => {
  using dir = tempDir()
  using small = smallVolume(160 * mebibyte)
  const { qemu, world, id, paused, free } = await fullWorld(dir, small.path)
  await using _world = world
  await using _qemu = qemu
  const { doneBytes, totalBytes } = world.floe.board.get(id).progress ?? { doneBytes: 0, totalBytes: 0 }
  expect(paused.freeBytes).toBeLessThan(mebibyte)
  expect(paused.neededBytes).toBeGreaterThan(totalBytes - doneBytes)
  execFileSync('cp', [dir.file('a.qcow2'), dir.file('instant.qcow2')])
  await qemu.write('vda', '1M', '8M', 99)
  expect(await qemu.monitor.command('query-status')).not.toMatchObject({ status: 'io-error' })
  free()
  const point = world.pointOf(await world.floe.board.whenFinal(id))
  expect(await difference(dir.file('instant.qcow2'), world.image(point, 'vda'))).toBeNull()
  expect(await leftovers(qemu)).toEqual([])
})

test('resuming by hand while the drive is still full waits again, and cancelling leaves nothing', async () => {
  using dir = tempDir()
  using small = smallVolume(160 * mebibyte)
  const { qemu, world, id } = await fullWorld(dir, small.path)
  await using _world = world
  await using _qemu = qemu
  const errors = () => qemu.monitor.events.filter((event) => event.event === 'BLOCK_JOB_ERROR').length
  const before = errors()
  await world.floe.board.resume(id)
  await until(async () => {
    await qemu.monitor.command('query-status')
    return errors() > before
  }, 'QEMU to find it full again')
  await untilFull(world, id)
  await world.floe.board.cancel(id)
  expect((await world.floe.board.whenFinal(id)).state).toEqual({ kind: 'cancelled' })
  expect(world.partials()).toEqual([])
  expect(await leftovers(qemu)).toEqual([])
})

test('another Floe finds a backup that waits for room, and takes it to its end', async () => {
  using dir = tempDir()
  using small = smallVolume(160 * mebibyte)
  const { qemu, world, id, free } = await fullWorld(dir, small.path)
  await using _world = world
  await using _qemu = qemu
  await world.restart()
  await untilFull(world, id)
  expect(world.floe.board.get(id)).toMatchObject({ reattached: true, limit: 32 * mebibyte })
  free()
  world.pointOf(await world.floe.board.whenFinal(id))
})

test('restore points that are deleted make room for a backup that waits for it', async () => {
  using dir = tempDir()
  using small = smallVolume(440 * mebibyte)
  await using qemu = await machineWithData(dir.file('a.qcow2'))
  await using world = await backupWorld({ destinationPath: join(small.path, 'b') })
  const machine = await world.machine(qemu)
  const old: Point[] = []
  for (const kind of ['full', 'full'] as const) old.push(world.pointOf(await world.run(machine, { kind })))
  const id = await world.start(machine, { kind: 'full', limit: 32 * mebibyte })
  await world.reach(id, 'copying')
  execFileSync('cp', [dir.file('a.qcow2'), dir.file('instant.qcow2')])
  fill(small.path)
  await untilFull(world, id)
  const { board, repository, activity } = world.floe
  const deletion = deleteJob(
    { ports: worldPorts(), repository, board, activity },
    {
      machine,
      destinationId: world.destination.id,
      pointIds: old.map((point) => point.id),
      assertStill: () => {},
      told: () => 'Deleted',
    },
  )
  expect((await board.whenFinal(deletion)).state).toEqual({ kind: 'done' })
  const point = world.pointOf(await board.whenFinal(id))
  expect(repository.points(null).map((left) => left.id)).toEqual([point.id])
  expect(await difference(dir.file('instant.qcow2'), world.image(point, 'vda'))).toBeNull()
})

test("a full drive that also holds the machine's disk is not waited for: the unfinished copy makes room", async () => {
  using small = smallVolume(260 * mebibyte)
  mkdirSync(join(small.path, 'machine'))
  await using qemu = await machineWithData(join(small.path, 'machine', 'a.qcow2'))
  await using world = await backupWorld({ destinationPath: join(small.path, 'b') })
  const id = await world.start(await world.machine(qemu), { limit: 32 * mebibyte })
  await world.reach(id, 'copying')
  fill(small.path)
  const job = await world.floe.board.whenFinal(id)
  expect(job.state).toMatchObject({ kind: 'failed', problem: { code: 'backup/destination-full' } })
  expect(await leftovers(qemu)).toEqual([])
})

test('nor is one that holds a disk of the machine that is left out: the guest writes to it all the same', async () => {
  using dir = tempDir()
  using small = smallVolume(160 * mebibyte)
  const path = await createImage(dir.file('a.qcow2'), '256M')
  const left = await createImage(join(small.path, 'b.qcow2'), '64M')
  await using qemu = await startQemu({
    disks: [
      { id: 'vda', path, format: 'qcow2' },
      { id: 'vdb', path: left, format: 'qcow2' },
    ],
  })
  for (let index = 0; index < 3; index += 1) await qemu.write('vda', `${index * 64}M`, '32M', 10 + index)
  await qemu.flush('vda')
  await using world = await backupWorld({ destinationPath: join(small.path, 'backups') })
  const machine = await world.machine(qemu)
  const vda = machine.disks.find((disk) => disk.aliases.includes('vda') || disk.id.endsWith('vda'))
  const id = await world.start(machine, { limit: 32 * mebibyte, diskIds: [vda?.id ?? 'vda'] })
  await world.reach(id, 'copying')
  fill(small.path)
  const { state } = await world.floe.board.whenFinal(id)
  expect(state).toMatchObject({ kind: 'failed', problem: { code: 'backup/destination-full' } })
  expect(world.partials()).toEqual([])
})
