import { copyFileSync, readdirSync, rmSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type BackupWorld, backupWorld, plainPush } from '../../support/backup-world.ts'
import { createImage, difference, startQemu, type TestQemu } from '../../support/qemu.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'

// What happens to a machine in the middle of a copy, whichever way its data goes.
const ways = [
  { way: 'fleecing', settings: {} },
  { way: 'push', settings: plainPush },
] as const

interface Copying extends AsyncDisposable {
  readonly qemu: TestQemu
  readonly world: BackupWorld
  /** The disk as it was at the instant. */
  readonly before: string
  readonly id: Awaited<ReturnType<BackupWorld['start']>>
}

async function copying(dir: TempDir, settings: (typeof ways)[number]['settings']): Promise<Copying> {
  const held = new AsyncDisposableStack()
  const path = await createImage(dir.file('a.qcow2'), '128M')
  const qemu = held.use(await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }], run: true }))
  await qemu.write('vda', 0, '48M', 5)
  await qemu.flush('vda')
  const before = dir.file('before.qcow2')
  copyFileSync(path, before)
  const world = held.use(await backupWorld({ settings }))
  const id = await world.start(await world.machine(qemu), { limit: 4 << 20 })
  await world.reach(id, 'copying')
  return { qemu, world, before, id, [Symbol.asyncDispose]: () => held.disposeAsync() }
}

async function expectNothingLeft({ qemu, world }: Copying): Promise<void> {
  const nodes = await qemu.monitor.command<{ 'node-name': string }[]>('query-named-block-nodes', { flat: true })
  expect(nodes.map((node) => node['node-name']).filter((name) => name.startsWith('floe-'))).toEqual([])
  expect(scratchOf(world)).toEqual([])
}

function scratchOf(world: BackupWorld): string[] {
  try {
    return readdirSync(world.home.file('scratch'), { recursive: true }) as string[]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

test.each(ways)('by $way: a disk cannot be resized under a copy, and can be afterwards', async ({ way, settings }) => {
  using dir = tempDir()
  await using machine = await copying(dir, settings)
  const { qemu, world, before, id } = machine
  for (const size of [64 << 20, 256 << 20]) {
    await expect(qemu.monitor.command('block_resize', { 'node-name': 'n-vda', size })).rejects.toThrow()
  }
  await world.floe.board.setLimit(id, null)
  const point = world.pointOf(await world.floe.board.whenFinal(id))
  expect(point.way).toBe(way)
  expect(await difference(before, world.image(point, 'vda'))).toBeNull()
  await expectNothingLeft(machine)
  await qemu.monitor.command('block_resize', { 'node-name': 'n-vda', size: 256 << 20 })
})

test.each(ways)('by $way: a machine killed under a copy leaves no half point and no scratch image', async (chosen) => {
  using dir = tempDir()
  await using machine = await copying(dir, chosen.settings)
  const { qemu, world, id } = machine
  await qemu.kill()
  const job = await world.floe.board.whenFinal(id)
  expect(job.state).toMatchObject({ kind: 'failed', problem: { code: 'backup/machine-gone' } })
  expect(world.partials()).toEqual([])
  expect(world.journals()).toEqual([])
  expect(world.floe.repository.points(null)).toEqual([])
  expect(world.floe.activity.list()[0]).toMatchObject({ level: 'problem', problem: { code: 'backup/machine-gone' } })
  expect(scratchOf(world)).toEqual([])
})

test.each(ways)('by $way: a destination that goes away under a copy costs the backup only', async ({ settings }) => {
  using dir = tempDir()
  await using machine = await copying(dir, settings)
  const { qemu, world, id } = machine
  rmSync(world.destination.path, { recursive: true })
  const job = await world.floe.board.whenFinal(id)
  expect(job.state).toMatchObject({ kind: 'failed', problem: { code: 'backup/destination-removed' } })
  await expectNothingLeft(machine)
  await qemu.write('vda', '1M', '64k', 9)
})

test('a machine with I/O threads is copied without filters, which could crash QEMU, and the point says why', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.qcow2'), '64M')
  const args = ['-object', 'iothread,id=io0', '-global', 'virtio-blk-device.iothread=io0']
  await using qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }], args, run: true })
  await qemu.write('vda', 0, '24M', 5)
  await qemu.flush('vda')
  const before = dir.file('before.qcow2')
  copyFileSync(path, before)
  await using world = await backupWorld()
  const machine = await world.machine(qemu)
  const preview = await world.floe.backups.preview({ machineId: machine.id, destinationId: null, diskIds: null })
  expect(preview).toMatchObject({ way: 'push', wayReason: expect.stringContaining('I/O threads') })
  const job = await world.run(machine)
  const point = world.pointOf(job)
  expect(job.way).toMatchObject({ way: 'push', reason: expect.stringContaining('I/O threads') })
  expect(point.way).toBe('push')
  expect(await difference(before, world.image(point, 'vda'))).toBeNull()
  expect(qemu.monitor.events.filter((event) => event.event === 'STOP')).toEqual([])
})
