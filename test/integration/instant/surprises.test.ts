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
import type { QmpSession } from '../../../electron/core/qmp/types.ts'
import type { DiskId, JobId } from '../../../shared/domain/ids.ts'
import { quietLogger } from '../../support/core.ts'
import { createImage, startQemu } from '../../support/qemu.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'

// What others do to a machine while Floe is about to take an instant of it, or keeps one.
const guard: GuestGuard = { raise: async () => {}, lower: async () => {}, dismiss: async () => {} }
const options = { guard, clock: systemClock, logger: quietLogger }

async function prepared(session: QmpSession, qdevs: readonly string[], dir: TempDir): Promise<readonly SnapshotDisk[]> {
  const roots = await deviceRoots(session)
  const disks = qdevs.map((qdev, index) => {
    const known = { id: `disk${index}` as DiskId, qdev, virtualSize: 64 << 20 }
    return snapshotDisk('abcdefghijkl' as JobId, index, known, roots, dir.file('scratch')) as SnapshotDisk
  })
  await prepareSnapshots(session, disks, { env: process.env })
  return disks
}

const connect = (path: string) => connectQmp({ kind: 'unix', path }, { clock: systemClock })
const backend = (id: string) => `/machine/peripheral/${id}/virtio-backend`

test('a disk that was given another image after it was looked at keeps it', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('one.qcow2'), '64M')
  const other = await createImage(dir.file('other.qcow2'), '64M')
  await using qemu = await startQemu({ disks: [{ id: 'one', path, format: 'qcow2' }], run: true })
  const session = await connect(qemu.qmpPath)
  const disks = await prepared(session, [backend('one')], dir)
  const file = { driver: 'file', filename: other }
  await qemu.monitor.command('blockdev-add', { driver: 'qcow2', 'node-name': 'other', file })
  await qemu.monitor.command('qom-set', { path: backend('one'), property: 'drive', value: 'other' })
  await expect(insertFilters(session, disks, options)).rejects.toThrow('another image')
  expect((await deviceRoots(session)).map((root) => root.node)).toEqual(['other'])
  await removeSnapshots(session, disks)
  expect((await deviceRoots(session)).map((root) => root.node)).toEqual(['other'])
  expect(await qemu.monitor.command('query-status')).toMatchObject({ running: true })
})

test('a mirror that somebody has started since the plan was made gets all writes of the guest: there is no instant', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('one.qcow2'), '64M')
  const other = await createImage(dir.file('other.qcow2'), '64M')
  await using qemu = await startQemu({ disks: [{ id: 'one', path, format: 'qcow2' }], run: true })
  const session = await connect(qemu.qmpPath)
  const disks = await prepared(session, [backend('one')], dir)
  const file = { driver: 'file', filename: other }
  await qemu.monitor.command('blockdev-add', { driver: 'qcow2', 'node-name': 'other', file })
  await qemu.monitor.command('blockdev-mirror', { 'job-id': 'move', device: 'n-one', target: 'other', sync: 'full' })
  await expect(insertFilters(session, disks, options)).rejects.toThrow('"move"')
  expect((await deviceRoots(session)).map((root) => root.node)).toEqual(['n-one'])
  await removeSnapshots(session, disks)
  expect(await leftOfSnapshots(session, disks)).toBe(0)
})

test('a paused guest that somebody lets run just then gives no instant', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('one.qcow2'), '64M')
  await using qemu = await startQemu({ disks: [{ id: 'one', path, format: 'qcow2' }] })
  const session = await connect(qemu.qmpPath)
  const disks = await prepared(session, [backend('one')], dir)
  const resumed: QmpSession = Object.create(session, {
    version: { value: session.version },
    execute: {
      value: async (command: string, args?: Readonly<Record<string, unknown>>) => {
        const answer = await session.execute(command, args)
        if (command === 'query-status') await qemu.monitor.command('cont')
        return answer
      },
    },
    listen: { value: (names: readonly string[]) => session.listen(names) },
  })
  await expect(insertFilters(resumed, disks, options)).rejects.toThrow('let run')
  await removeSnapshots(session, disks)
  expect(await leftOfSnapshots(session, disks)).toBe(0)
})

test.each([['lets run'], ['lets run and stops']])(
  'a guest that somebody else %s in the middle of the instant gives none',
  async (what) => {
    using dir = tempDir()
    const path = await createImage(dir.file('one.qcow2'), '64M')
    await using qemu = await startQemu({ disks: [{ id: 'one', path, format: 'qcow2' }], run: true })
    const session = await connect(qemu.qmpPath)
    const disks = await prepared(session, [backend('one')], dir)
    let before: Promise<unknown> = Promise.resolve()
    const sent: string[] = []
    const disturbed: QmpSession = Object.create(session, {
      version: { value: session.version },
      execute: {
        value: (command: string, args?: Readonly<Record<string, unknown>>) => {
          if (command === 'qom-set') before = before.then(() => qemu.monitor.command('cont'))
          if (command === 'qom-set' && what.endsWith('stops')) before = before.then(() => qemu.monitor.command('stop'))
          const answer = before.then(() => {
            sent.push(command)
            return session.execute(command, args)
          })
          if (command === 'stop') before = answer
          return answer
        },
      },
      listen: { value: (names: readonly string[]) => session.listen(names) },
    })
    const bitmap = { node: 'n-one', name: 'mine' }
    const atStop = [{ execute: 'block-dirty-bitmap-add', arguments: bitmap }]
    await expect(insertFilters(disturbed, disks, { ...options, atStop })).rejects.toThrow('let run')
    expect(sent.indexOf('block-dirty-bitmap-add')).toBe(sent.indexOf('stop') + 1)
    await removeSnapshots(session, disks)
    expect(await leftOfSnapshots(session, disks)).toBe(0)
    expect(await qemu.monitor.command('query-status')).toMatchObject({ running: true })
  },
)

async function unpluggable(dir: TempDir) {
  const path = await createImage(dir.file('one.qcow2'), '64M')
  const args = [
    ...['-device', 'virtio-scsi-pci,id=bus'],
    ...['-drive', `if=none,id=d0,file=${path},format=qcow2`, '-device', 'scsi-hd,drive=d0,id=hot,bus=bus.0'],
  ]
  const qemu = await startQemu({ args, run: true })
  const session = await connect(qemu.qmpPath)
  const roots = await deviceRoots(session)
  const disks = await prepared(session, [roots[0]?.qdev as string], dir)
  await insertFilters(session, disks, options)
  return { qemu, session, disks }
}

async function expectNothingLeft(session: QmpSession, disks: readonly SnapshotDisk[]): Promise<void> {
  expect(await leftOfSnapshots(session, disks)).toBe(0)
  expect(await session.execute('query-named-block-nodes', { flat: true })).toEqual([])
}

test('a disk that is unplugged while its instant is kept leaves nothing behind', async () => {
  using dir = tempDir()
  const { qemu: started, session, disks } = await unpluggable(dir)
  await using qemu = started
  await qemu.monitor.command('device_del', { id: 'hot' })
  await removeSnapshots(session, disks)
  await expectNothingLeft(session, disks)
})

test('a disk that is unplugged just when its instant is taken down leaves nothing behind', async () => {
  using dir = tempDir()
  const { qemu: started, session, disks } = await unpluggable(dir)
  await using qemu = started
  let unplugged = false
  const late: QmpSession = Object.create(session, {
    execute: {
      value: async (command: string, args?: Readonly<Record<string, unknown>>) => {
        if (command === 'qom-set' && !unplugged) {
          unplugged = true
          await qemu.monitor.command('device_del', { id: 'hot' })
        }
        return session.execute(command, args)
      },
    },
    capabilities: { value: () => session.capabilities() },
    listen: { value: (names: readonly string[]) => session.listen(names) },
  })
  await removeSnapshots(late, disks)
  expect(unplugged).toBe(true)
  await expectNothingLeft(session, disks)
})
