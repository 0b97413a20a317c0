import { copyFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Job } from '../../../shared/domain/job.ts'
import type { Machine } from '../../../shared/domain/machine.ts'
import type { Point } from '../../../shared/domain/point.ts'
import { describeJob, plannedWords } from '../../../shared/text/job-words.ts'
import { type BackupWorld, backupWorld, plainPush } from '../../support/backup-world.ts'
import { bitmapsOf, endPiece } from '../../support/kept-disk.ts'
import { createImage, difference, startQemu, type TestQemu } from '../../support/qemu.ts'
import { run, until } from '../../support/run.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'

const cluster = 64 << 10

/** The disk as it is, for later: nobody but the test writes to it. */
async function keep(dir: TempDir, qemu: TestQemu, path: string, name: string): Promise<string> {
  await qemu.flush('vda')
  const kept = dir.file(`${name}.${path.split('.').pop()}`)
  copyFileSync(path, kept)
  return kept
}

const bitmaps = async (qemu: TestQemu) => (await bitmapsOf(qemu, 'vda')).map(({ name }) => name)

async function expectPoint(world: BackupWorld, job: Job, kept: string, wanted: Partial<Point>): Promise<Point> {
  const point = world.pointOf(job)
  expect(point).toMatchObject(wanted)
  expect(await difference(kept, world.image(point, 'vda'))).toBeNull()
  return point
}

const seenOff = (world: BackupWorld, { id }: Machine) =>
  until(async () => {
    await world.floe.machines.refresh()
    return world.floe.machines.get(id).state.kind === 'off'
  }, 'the machine to be seen off')

const nameOf = (point: Point) => point.disks[0]?.bitmap

test.each([
  ['by fleecing', {}],
  ['by plain push', plainPush],
])(
  'after a full backup only what changed is copied, %s, and every point is the disk of its instant',
  async (_, settings) => {
    using dir = tempDir()
    const path = await createImage(dir.file('a.qcow2'), '64M')
    await using qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }] })
    await qemu.write('vda', '0', '40M', 11)
    await using world = await backupWorld({ settings })
    const machine = await world.machine(qemu)
    const first = await keep(dir, qemu, path, 'first')
    const full = await expectPoint(world, await world.run(machine, { check: true }), first, {
      kind: 'full',
      basis: 'all',
      index: { kind: 'complete' },
    })
    expect(await bitmaps(qemu)).toEqual([nameOf(full)])

    await qemu.write('vda', '1M', '200k', 12)
    await qemu.write('vda', '30M', '64k', 13)
    await qemu.write('vda', '50M', '1M', 14)
    const second = await keep(dir, qemu, path, 'second')
    const job = await world.run(machine, { check: true })
    const point = await expectPoint(world, job, second, {
      kind: 'incremental',
      basis: 'bitmap',
      parentId: full.id,
      adds: 4 * cluster + cluster + (1 << 20) + endPiece,
      index: { kind: 'complete' },
    })
    expect(job.plan).toMatchObject({ kind: 'incremental', basis: 'bitmap' })
    expect(job.progress).toMatchObject({ doneBytes: point.adds, totalBytes: point.adds })
    expect(await bitmaps(qemu)).toEqual([nameOf(point)])

    const none = await expectPoint(world, await world.run(machine, { check: true }), second, { adds: endPiece })
    expect(
      await world.floe.repository.verify(none.id, 'content', () => {}, new AbortController().signal),
    ).toMatchObject({
      ok: true,
    })
    // The older ones are as they were.
    expect(await difference(first, world.image(full, 'vda'))).toBeNull()
    expect(await difference(second, world.image(point, 'vda'))).toBeNull()
  },
)

test('before the click it is known what an incremental copies, to the byte, and that an idle machine has changed nothing', async () => {
  using dir = tempDir()
  // The second one ends in the middle of a mark.
  const sizes = { vda: 16 << 20, vdb: (8 << 20) + 512 }
  const disks = await Promise.all(
    Object.entries(sizes).map(async ([id, size]) => {
      const path = await createImage(dir.file(`${id}.qcow2`), `${size}`)
      return { id, path, format: 'qcow2' as const }
    }),
  )
  await using qemu = await startQemu({ disks })
  await qemu.write('vda', '0', '8M', 15)
  await qemu.write('vdb', '0', '4M', 16)
  await using world = await backupWorld()
  const machine = await world.machine(qemu)
  world.pointOf(await world.run(machine))
  const look = () => world.floe.backups.preview({ machineId: machine.id, destinationId: null, diskIds: null })
  const ends = endPiece + 512
  const copied = ({ disks }: Point) => disks.map(({ bytesCopied }) => bytesCopied)
  const planned = ({ disks }: Awaited<ReturnType<typeof look>>) => disks.map(({ bytesToCopy }) => bytesToCopy)

  const idle = await look()
  expect(idle).toMatchObject({ basis: 'bitmap', bytesToCopy: ends, endBytes: ends })
  expect(plannedWords(idle)).toContain('nothing has changed')
  const job = await world.run(machine)
  expect(job.plan).toMatchObject({ basis: 'bitmap', endBytes: ends })
  expect(describeJob(job, { now: new Date() }).line).toContain('Nothing had changed')
  const none = world.pointOf(job)
  expect(none.adds).toBe(idle.bytesToCopy)
  expect(copied(none)).toEqual(planned(idle))

  await qemu.write('vda', '3M', '64k', 17)
  await qemu.write('vdb', '5M', '200k', 18)
  const changed = await look()
  expect(changed).toMatchObject({ basis: 'bitmap', bytesToCopy: 5 * cluster + ends, endBytes: ends })
  expect(plannedWords(changed)).not.toContain('nothing has changed')
  const second = await world.run(machine)
  expect(describeJob(second, { now: new Date() }).line).not.toContain('Nothing had changed')
  const point = world.pointOf(second)
  expect(point.adds).toBe(changed.bytesToCopy)
  expect(copied(point)).toEqual(planned(changed))
})

test('tracking that was cut off by a kill costs a comparison, which writes only what differs; the next one is by bitmap again', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.qcow2'), '64M')
  await using world = await backupWorld()
  const disks = [{ id: 'vda', path, format: 'qcow2' as const }]
  const before = await startQemu({ disks })
  await before.write('vda', '0', '40M', 21)
  const machine = await world.machine(before)
  world.pointOf(await world.run(machine, { check: true }))
  await before.write('vda', '5M', '64k', 22)
  await before.flush('vda')
  await before.kill()

  await using qemu = await startQemu({ disks })
  const again = await world.machine(qemu)
  await qemu.write('vda', '45M', '64k', 23)
  const kept = await keep(dir, qemu, path, 'kept')
  const job = await world.run(again, { check: true })
  const compared = await expectPoint(world, job, kept, { kind: 'incremental', basis: 'comparison' })
  expect(compared.adds).toBe(2 << 20)
  expect(compared.kindReason).toContain('cut off')
  expect(job.phases.map((phase) => phase.name)).toContain('compared')
  expect(await bitmaps(qemu)).toEqual([nameOf(compared)])

  await qemu.write('vda', '3M', '64k', 24)
  const last = await keep(dir, qemu, path, 'last')
  await expectPoint(world, await world.run(again, { check: true }), last, { basis: 'bitmap', adds: cluster + endPiece })
})

test('a clean end of QEMU keeps the tracking', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.qcow2'), '16M')
  await using world = await backupWorld()
  const disks = [{ id: 'vda', path, format: 'qcow2' as const }]
  const before = await startQemu({ disks })
  await before.write('vda', '0', '8M', 31)
  world.pointOf(await world.run(await world.machine(before)))
  await before.write('vda', '1M', '64k', 32)
  await before.quit()
  await using qemu = await startQemu({ disks })
  await qemu.write('vda', '2M', '64k', 33)
  const kept = await keep(dir, qemu, path, 'kept')
  await expectPoint(world, await world.run(await world.machine(qemu)), kept, {
    basis: 'bitmap',
    adds: 2 * cluster + endPiece,
  })
})

test('a machine that is off is backed up by the bitmap in its image, and so is the running one after it', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.qcow2'), '16M')
  await using world = await backupWorld()
  const disks = [{ id: 'vda', path, format: 'qcow2' as const }]
  const before = await startQemu({ disks })
  await before.write('vda', '0', '8M', 41)
  const machine = await world.machine(before)
  const full = world.pointOf(await world.run(machine))
  await before.write('vda', '1M', '64k', 42)
  await before.quit()
  const kept = dir.file('kept.qcow2')
  copyFileSync(path, kept)
  await seenOff(world, machine)
  const off = await expectPoint(world, await world.run(machine), kept, {
    consistency: 'offline',
    kind: 'incremental',
    basis: 'bitmap',
    adds: cluster + endPiece,
  })
  await using qemu = await startQemu({ disks })
  await qemu.write('vda', '2M', '64k', 43)
  const last = await keep(dir, qemu, path, 'last')
  const running = await world.machine(qemu)
  const point = await expectPoint(world, await world.run(running), last, {
    basis: 'bitmap',
    adds: 2 * cluster + endPiece,
  })
  // The bitmap began with the full one, and knows nothing of the point that was taken without QEMU.
  expect(point.parentId).toBe(full.id)
  expect(nameOf(off)).toBeNull()
  expect(await bitmaps(qemu)).toEqual([nameOf(point)])
})

test('a cancelled incremental loses no change: the next one holds it', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.qcow2'), '64M')
  await using qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }] })
  await qemu.write('vda', '0', '40M', 51)
  await using world = await backupWorld()
  const machine = await world.machine(qemu)
  world.pointOf(await world.run(machine))
  await qemu.write('vda', '4M', '8M', 52)
  const id = await world.start(machine, { limit: 1 << 20 })
  await world.reach(id, 'copying')
  await qemu.write('vda', '20M', '64k', 53)
  await world.floe.board.cancel(id)
  expect((await world.floe.board.whenFinal(id)).state.kind).toBe('cancelled')
  const kept = await keep(dir, qemu, path, 'kept')
  const point = await expectPoint(world, await world.run(machine), kept, {
    basis: 'bitmap',
    adds: (8 << 20) + cluster + endPiece,
  })
  expect(await bitmaps(qemu)).toEqual([nameOf(point)])
})

test('a proof compares the finished point with the instant itself, while the guest goes on writing', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.qcow2'), '32M')
  await using qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }] })
  await qemu.write('vda', '0', '20M', 61)
  await using world = await backupWorld()
  const machine = await world.machine(qemu)
  world.pointOf(await world.run(machine, { check: true }))
  await qemu.write('vda', '3M', '1M', 62)
  const kept = await keep(dir, qemu, path, 'kept')
  const id = await world.start(machine, { prove: true, limit: 512 << 10 })
  await world.reach(id, 'copying')
  await qemu.write('vda', '10M', '1M', 63)
  await world.floe.board.setLimit(id, null)
  const job = await world.floe.board.whenFinal(id)
  const point = await expectPoint(world, job, kept, { basis: 'bitmap' })
  expect(point.verification).toMatchObject({ level: 'live', ok: true })
  expect(job.phases.map(({ name, state }) => `${name} ${state}`)).toContain('proven done')
})

test('a raw disk is tracked while its machine lives, and compared once it was started again', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.raw'), '32M', 'raw')
  await using world = await backupWorld()
  const disks = [{ id: 'vda', path, format: 'raw' as const }]
  const before = await startQemu({ disks })
  await before.write('vda', '0', '20M', 71)
  const machine = await world.machine(before)
  world.pointOf(await world.run(machine, { check: true }))
  await before.write('vda', '4M', '64k', 72)
  const kept = await keep(dir, before, path, 'kept')
  const first = world.pointOf(await world.run(machine, { check: true }))
  expect(first).toMatchObject({ basis: 'bitmap', adds: cluster + endPiece })
  await run('qemu-img', 'compare', '-f', 'raw', '-F', 'qcow2', kept, world.image(first, 'vda'))
  await before.quit()
  await using qemu = await startQemu({ disks })
  await qemu.write('vda', '6M', '64k', 73)
  const last = await keep(dir, qemu, path, 'last')
  const second = world.pointOf(await world.run(await world.machine(qemu), { check: true }))
  expect(second).toMatchObject({ basis: 'comparison', adds: 1 << 20 })
  expect(second.kindReason).toContain('raw')
  await run('qemu-img', 'compare', '-f', 'raw', '-F', 'qcow2', last, world.image(second, 'vda'))
})

test('a machine that was killed is compared while it is off, and compared again when it runs', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.qcow2'), '32M')
  await using world = await backupWorld()
  const disks = [{ id: 'vda', path, format: 'qcow2' as const }]
  const before = await startQemu({ disks })
  await before.write('vda', '0', '20M', 81)
  const machine = await world.machine(before)
  world.pointOf(await world.run(machine, { check: true }))
  await before.write('vda', '5M', '64k', 82)
  await before.flush('vda')
  await before.kill()
  await seenOff(world, machine)
  const kept = dir.file('kept.qcow2')
  copyFileSync(path, kept)
  const off = await world.run(machine, { check: true, prove: true })
  await expectPoint(world, off, kept, { consistency: 'offline', basis: 'comparison', adds: 1 << 20 })
  expect(world.pointOf(off).verification).toMatchObject({ level: 'live', ok: true })
  await using qemu = await startQemu({ disks })
  await qemu.write('vda', '9M', '64k', 83)
  const last = await keep(dir, qemu, path, 'last')
  const running = await world.machine(qemu)
  const point = await expectPoint(world, await world.run(running, { check: true }), last, { basis: 'comparison' })
  expect(point.adds).toBe(1 << 20)
})

test('a proof is refused, by its reason, where the instant itself cannot be read', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.qcow2'), '8M')
  await using qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }] })
  await using world = await backupWorld({ settings: plainPush })
  const machine = await world.machine(qemu)
  await expect(world.run(machine, { prove: true })).rejects.toMatchObject({ code: 'export/not-possible' })
})

test('a comparison that is cancelled leaves nothing behind, and the next one finds everything', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.qcow2'), '256M')
  await using world = await backupWorld()
  const disks = [{ id: 'vda', path, format: 'qcow2' as const }]
  const before = await startQemu({ disks })
  await before.write('vda', '0', '200M', 91)
  const machine = await world.machine(before)
  world.pointOf(await world.run(machine, { check: true }))
  await before.flush('vda')
  await before.kill()
  await using qemu = await startQemu({ disks })
  await qemu.write('vda', '7M', '64k', 92)
  const again = await world.machine(qemu)
  const id = await world.start(again)
  await world.reach(id, 'comparing')
  await world.floe.board.cancel(id)
  expect((await world.floe.board.whenFinal(id)).state.kind).toBe('cancelled')
  const nodes = await qemu.monitor.command<{ 'node-name': string }[]>('query-named-block-nodes', { flat: true })
  expect(nodes.filter((node) => node['node-name'].startsWith('floe-'))).toEqual([])
  expect(await qemu.monitor.command('query-block-exports')).toEqual([])
  const kept = await keep(dir, qemu, path, 'kept')
  const point = await expectPoint(world, await world.run(again), kept, { basis: 'comparison', adds: 1 << 20 })
  expect(await bitmaps(qemu)).toEqual([nameOf(point)])
})

test('where another program runs QEMU\u2019s NBD server, lost tracking costs a full copy, and the backup is made', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.raw'), '16M', 'raw')
  await using world = await backupWorld()
  const disks = [{ id: 'vda', path, format: 'raw' as const }]
  const before = await startQemu({ disks })
  await before.write('vda', '0', '8M', 101)
  const machine = await world.machine(before)
  world.pointOf(await world.run(machine, { check: true }))
  await before.quit()
  await using qemu = await startQemu({ disks })
  const again = await world.machine(qemu)
  const look = () => world.floe.backups.preview({ machineId: again.id, destinationId: null, diskIds: null })
  expect(await look()).toMatchObject({ kind: 'incremental', basis: 'comparison' })
  const addr = { type: 'unix', data: { path: qemu.dir.file('others') } }
  // Looking has started no server, or this one could not be.
  await qemu.monitor.command('nbd-server-start', { addr })
  const preview = await look()
  expect(preview).toMatchObject({ kind: 'full', basis: 'all' })
  const point = world.pointOf(await world.run(again, { check: true }))
  expect(point).toMatchObject({ kind: 'full', basis: 'all' })
  expect(point.kindReason).toContain('NBD server for another program')
  expect(preview.kindReason).toBe(point.kindReason)
  expect(preview.disks[0]?.basisReason).toBe(point.disks[0]?.basisReason)
  await qemu.monitor.command('nbd-server-stop')
})

test('an image with internal snapshots is not tracked, so that QEMU can go back to them', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.qcow2'), '16M')
  await run('qemu-img', 'snapshot', '-c', 'before', path)
  await using qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }] })
  await qemu.write('vda', '0', '8M', 111)
  await using world = await backupWorld()
  const machine = await world.machine(qemu)
  expect(world.pointOf(await world.run(machine, { check: true })).disks[0]?.bitmap).toBeNull()
  expect(await bitmaps(qemu)).toEqual([])
  await qemu.write('vda', '1M', '64k', 112)
  const kept = await keep(dir, qemu, path, 'kept')
  const point = await expectPoint(world, await world.run(machine, { check: true }), kept, { basis: 'comparison' })
  expect(point.kindReason).toContain('internal snapshots')
  await qemu.quit()
  await run('qemu-img', 'snapshot', '-a', 'before', path)
})
