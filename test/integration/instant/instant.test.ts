import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { GuestGuard } from '../../../electron/core/guest-agent/types.ts'
import { deviceRoots } from '../../../electron/core/instant/devices.ts'
import { insertFilters } from '../../../electron/core/instant/insert.ts'
import { snapshotDisk } from '../../../electron/core/instant/naming.ts'
import { prepareSnapshots } from '../../../electron/core/instant/prepare.ts'
import { leftOfSnapshots, removeSnapshots } from '../../../electron/core/instant/remove.ts'
import type { SnapshotDisk } from '../../../electron/core/instant/types.ts'
import { systemClock } from '../../../electron/core/ports/node-ports.ts'
import { connectQmp } from '../../../electron/core/qmp/connect.ts'
import type { DiskId, JobId } from '../../../shared/domain/ids.ts'
import { quietLogger } from '../../support/core.ts'
import { createImage, difference, startQemu, type TestQemu } from '../../support/qemu.ts'
import { run } from '../../support/run.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'

const jobId = 'abcdefghijkl' as JobId
const noDanger: GuestGuard = { raise: async () => {}, lower: async () => {}, dismiss: async () => {} }

async function world(dir: TempDir, ids: readonly string[], run = false) {
  const disks = []
  for (const id of ids) {
    disks.push({ id, path: await createImage(dir.file(`${id}.qcow2`), '64M'), format: 'qcow2' as const })
  }
  const qemu = await startQemu({ disks, run })
  const session = await connectQmp({ kind: 'unix', path: qemu.qmpPath }, { clock: systemClock })
  const roots = await deviceRoots(session)
  const snapshots = ids.map((id, index) => {
    const qdev = `/machine/peripheral/${id}/virtio-backend`
    const known = { id: id as DiskId, qdev, virtualSize: 64 << 20 }
    return snapshotDisk(jobId, index, known, roots, dir.file('scratch')) as SnapshotDisk
  })
  const options = { guard: noDanger, clock: systemClock, logger: quietLogger }
  return { qemu, session, snapshots, options }
}

async function copyOf(qemu: TestQemu, node: string, path: string): Promise<string> {
  await qemu.monitor.command('nbd-server-start', { addr: { type: 'unix', data: { path: `${path}.sock` } } })
  await qemu.monitor.command('block-export-add', { type: 'nbd', id: 'test', 'node-name': node, name: 'd' })
  await run('qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', `nbd+unix:///d?socket=${path}.sock`, path)
  await qemu.monitor.command('nbd-server-stop')
  return path
}

test('an instant shows all disks as they were, whatever is written after it, and leaves nothing behind', async () => {
  using dir = tempDir()
  const { qemu, session, snapshots, options } = await world(dir, ['one', 'two', 'three'], true)
  await using _qemu = qemu
  for (const id of ['one', 'two', 'three']) {
    await qemu.write(id, '1M', '20M', 5)
    await qemu.flush(id)
    await run('cp', dir.file(`${id}.qcow2`), dir.file(`${id}-before.qcow2`))
  }
  await prepareSnapshots(session, snapshots, { env: process.env })
  const instant = await insertFilters(session, snapshots, options)
  for (const id of ['one', 'two', 'three']) await qemu.write(id, '8M', '20M', 9)
  expect(instant.pausedMs).toBeGreaterThan(0)
  expect(Math.abs(Date.parse(instant.at) - Date.now())).toBeLessThan(60_000)
  for (const disk of snapshots) {
    const copy = await copyOf(qemu, disk.snapshotNode, dir.file(`${disk.id}-copy.qcow2`))
    expect(await difference(dir.file(`${disk.id}-before.qcow2`), copy)).toBeNull()
  }
  await removeSnapshots(session, snapshots)
  await removeSnapshots(session, snapshots)
  expect(await leftOfSnapshots(session, snapshots)).toBe(0)
  expect((await deviceRoots(session)).map((root) => root.node)).toEqual(['n-one', 'n-two', 'n-three'])
  expect(snapshots.filter((disk) => existsSync(disk.scratchPath))).toEqual([])
  expect(await qemu.monitor.command('query-status')).toMatchObject({ running: true })
  await qemu.write('one', 0, '1M', 3)
})

test('a guest that was paused before stays paused', async () => {
  using dir = tempDir()
  const { qemu, session, snapshots, options } = await world(dir, ['one'])
  await using _qemu = qemu
  await prepareSnapshots(session, snapshots, { env: process.env })
  expect((await insertFilters(session, snapshots, options)).pausedMs).toBeNull()
  await removeSnapshots(session, snapshots)
  expect(await qemu.monitor.command('query-status')).toMatchObject({ running: false })
})

test('a filter that QEMU refuses leaves the guest running, and what was made can be removed', async () => {
  using dir = tempDir()
  const { qemu, session, snapshots, options } = await world(dir, ['one', 'two'], true)
  await using _qemu = qemu
  await prepareSnapshots(session, snapshots, { env: process.env })
  const [one, two] = snapshots as [SnapshotDisk, SnapshotDisk]
  const wrong = [one, { ...two, scratchNode: 'nobody' }]
  await expect(insertFilters(session, wrong, options)).rejects.toThrow('nobody')
  expect(await qemu.monitor.command('query-status')).toMatchObject({ running: true })
  await removeSnapshots(session, snapshots)
  expect(await leftOfSnapshots(session, snapshots)).toBe(0)
})

test('the guard knows of the stop before the guest is stopped, and that it is over after it', async () => {
  using dir = tempDir()
  const { qemu, session, snapshots, options } = await world(dir, ['one'], true)
  await using _qemu = qemu
  const told: string[] = []
  const note = (word: string) => async () => {
    const { running } = await qemu.monitor.command<{ running: boolean }>('query-status')
    told.push(`${word} ${running ? 'running' : 'stopped'}`)
  }
  const guard = { raise: note('raise'), lower: note('lower'), dismiss: async () => {} }
  await prepareSnapshots(session, snapshots, { env: process.env })
  await insertFilters(session, snapshots, { ...options, guard })
  expect(told).toEqual(['raise running', 'lower running'])
  expect(qemu.monitor.events.map(({ event }) => event)).toEqual(expect.arrayContaining(['STOP', 'RESUME']))
})

test('a disk cannot be resized while its instant is kept, by any of its names, and can be afterwards', async () => {
  using dir = tempDir()
  const { qemu, session, snapshots, options } = await world(dir, ['one'], true)
  await using _qemu = qemu
  await prepareSnapshots(session, snapshots, { env: process.env })
  await insertFilters(session, snapshots, options)
  const size = 32 << 20
  for (const name of ['n-one', snapshots[0]?.filterNode as string]) {
    await expect(qemu.monitor.command('block_resize', { 'node-name': name, size })).rejects.toThrow(/resize/)
  }
  await removeSnapshots(session, snapshots)
  await qemu.monitor.command('block_resize', { 'node-name': 'n-one', size })
})

test('what somebody put above the disk meanwhile stays where it is', async () => {
  using dir = tempDir()
  const { qemu, session, snapshots, options } = await world(dir, ['one'], true)
  await using _qemu = qemu
  await prepareSnapshots(session, snapshots, { env: process.env })
  await insertFilters(session, snapshots, options)
  await qemu.monitor.command('blockdev-snapshot-sync', {
    'node-name': 'n-one',
    'snapshot-file': dir.file('over.qcow2'),
    'snapshot-node-name': 'over',
  })
  await removeSnapshots(session, snapshots)
  expect((await deviceRoots(session)).map((root) => root.node)).toEqual(['over'])
  await qemu.write('one', 0, '1M', 3)
})

test('while QEMU has not said that the guest runs again, the guest counts as stopped', async () => {
  using dir = tempDir()
  const { qemu, session, snapshots, options } = await world(dir, ['one'], true)
  await using _qemu = qemu
  const told: string[] = []
  const guard: GuestGuard = {
    raise: async (danger) => void told.push(`raise ${danger}`),
    lower: async (danger) => void told.push(`lower ${danger}`),
    dismiss: async () => {},
  }
  await prepareSnapshots(session, snapshots, { env: process.env })
  const inserting = insertFilters(session, snapshots, {
    ...options,
    guard: {
      ...guard,
      raise: async (danger) => {
        await guard.raise(danger)
        await session.close()
      },
    },
  })
  await expect(inserting).rejects.toThrow()
  expect(told).toEqual(['raise stopped'])
})
