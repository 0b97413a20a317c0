import { expect, test } from 'vitest'
import { type BackupWorld, backupWorld } from '../../support/backup-world.ts'
import { bitmapsOf, diskOf, endPiece, exactPoint, KeptDisks } from '../../support/kept-disk.ts'
import { createImage, startQemu, type TestDisk, type TestQemu } from '../../support/qemu.ts'
import { tempDir } from '../../support/temp.ts'

const cluster = 64 << 10
const coarse = 2 << 20
/** The last mark of a coarse bitmap is half a mark. */
const size = 17 << 20

const asDisks = (path: string): readonly [TestDisk] => [{ id: 'vda', path, format: 'qcow2' }]

async function backUp(world: BackupWorld, qemu: TestQemu, path: string, kept: KeptDisks) {
  const content = { vda: await kept.keep(qemu, 'vda', path) }
  return exactPoint(world, world.run(await world.machine(qemu), { check: true }), content)
}

/** As a Floe with another granularity would have begun it: under the same name, with the same marks. Nobody writes. */
async function remake(qemu: TestQemu, name: string, granularity: number): Promise<void> {
  const node = 'n-vda'
  const disabled = name.endsWith('-end')
  const merge = (target: string, from: string) =>
    qemu.monitor.command('block-dirty-bitmap-merge', { node, target, bitmaps: [from] })
  await qemu.monitor.command('block-dirty-bitmap-add', { node, name: 'between', granularity, disabled: true })
  await merge('between', name)
  await qemu.monitor.command('block-dirty-bitmap-remove', { node, name })
  await qemu.monitor.command('block-dirty-bitmap-add', { node, name, granularity, persistent: true, disabled })
  await merge(name, 'between')
  await qemu.monitor.command('block-dirty-bitmap-remove', { node, name: 'between' })
}

test.each([
  ['bitmap has marks of 2 MiB', [''], 'bitmap'],
  ['bitmap and its end mark have marks of 2 MiB', ['', '-end'], 'bitmap'],
  ['end mark is coarser than its bitmap', ['-end'], 'comparison'],
] as const)('a point is what the disk was when its %s', async (_, remade, basis) => {
  using dir = tempDir()
  using kept = new KeptDisks()
  const path = await createImage(dir.file('a.qcow2'), size)
  await using world = await backupWorld()
  await using before = await startQemu({ disks: asDisks(path) })
  await before.write('vda', 0, size, 51)
  const full = await backUp(world, before, path, kept)
  const { bitmap } = diskOf(full, 'vda')
  for (const suffix of remade) await remake(before, `${bitmap}${suffix}`, coarse)
  await before.write('vda', '3M', cluster, 52)
  await before.quit()

  await using after = await startQemu({ disks: asDisks(path) })
  await after.write('vda', (11 << 20) - 512, 1024, 53)
  const next = await backUp(world, after, path, kept)
  expect(next).toMatchObject({ kind: 'incremental', basis, parentId: full.id })
  if (basis === 'comparison') expect(next.kindReason).toContain('may have been made smaller and larger again')
  // Two marks, and the last one, of which the disk has a half.
  else expect(next.adds).toBe(2 * coarse + (size % coarse))
  expect((await bitmapsOf(after, 'vda')).map(({ name }) => name)).toEqual([diskOf(next, 'vda').bitmap])

  await after.write('vda', '5M', cluster, 54)
  expect(await backUp(world, after, path, kept)).toMatchObject({ basis: 'bitmap', adds: cluster + endPiece })
})

test('a coarse bitmap notices a cut within its last mark, and serves a machine that is off', async () => {
  using dir = tempDir()
  using kept = new KeptDisks()
  const path = await createImage(dir.file('a.qcow2'), size)
  await using world = await backupWorld()
  await using qemu = await startQemu({ disks: asDisks(path) })
  await qemu.write('vda', 0, size, 61)
  await remake(qemu, diskOf(await backUp(world, qemu, path, kept), 'vda').bitmap as string, coarse)
  for (const each of [size - cluster, size]) {
    await qemu.monitor.command('block_resize', { 'node-name': 'n-vda', size: each })
  }
  const cut = await backUp(world, qemu, path, kept)
  expect(cut).toMatchObject({ kind: 'incremental', basis: 'comparison' })

  await remake(qemu, diskOf(cut, 'vda').bitmap as string, coarse)
  await qemu.write('vda', '7M', cluster, 62)
  const machine = await world.machine(qemu)
  const content = { vda: await kept.keep(qemu, 'vda', path) }
  await qemu.quit()
  await world.floe.machines.refresh()
  const off = await exactPoint(world, world.run(machine, { check: true }), content)
  expect(off).toMatchObject({ way: 'offline', basis: 'bitmap', adds: coarse + (size % coarse) })
})
