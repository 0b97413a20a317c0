import { expect, test } from 'vitest'
import { type BackupWorld, backupWorld } from '../../support/backup-world.ts'
import { bitmapsOf, diskOf, endPiece, exactPoint, KeptDisks } from '../../support/kept-disk.ts'
import { createImage, startQemu, type TestDisk, type TestQemu } from '../../support/qemu.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'

const cluster = 64 << 10

async function twoDisks(dir: TempDir): Promise<readonly [TestDisk, TestDisk]> {
  const make = async (id: string): Promise<TestDisk> => {
    return { id, path: await createImage(dir.file(`${id}.qcow2`), '16M'), format: 'qcow2' }
  }
  return [await make('vda'), await make('vdb')]
}

/** Backs up a machine and holds all its disks against what they hold at this moment, in which nobody writes. */
async function backUp(world: BackupWorld, qemu: TestQemu, disks: readonly TestDisk[], kept: KeptDisks) {
  const content: Record<string, string> = {}
  for (const { id, path } of disks) content[id] = await kept.keep(qemu, id, path)
  return exactPoint(world, world.run(await world.machine(qemu), { check: true }), content)
}

test.each([
  ['grew', 24 << 20],
  ['shrank', 12 << 20],
] as const)(
  'a disk that %s is copied in full once, with the reason, and the other one by its bitmap',
  async (_, size) => {
    using dir = tempDir()
    using kept = new KeptDisks()
    const disks = await twoDisks(dir)
    await using qemu = await startQemu({ disks })
    for (const { id } of disks) await qemu.write(id, 0, '8M', 11)
    await using world = await backupWorld()
    const full = await backUp(world, qemu, disks, kept)
    expect(full).toMatchObject({ kind: 'full' })

    await qemu.monitor.command('block_resize', { 'node-name': 'n-vda', size })
    await qemu.write('vda', size - cluster, cluster, 12)
    await qemu.write('vdb', '3M', cluster, 13)
    const resized = await backUp(world, qemu, disks, kept)
    expect(resized).toMatchObject({ kind: 'incremental', basis: 'all' })
    expect(diskOf(resized, 'vda')).toMatchObject({ basis: 'all', parentId: null, virtualSize: size })
    expect(diskOf(resized, 'vda').basisReason).toMatch(
      /^The disk’s size changed\. It was .*, now .*copied in full once\.$/,
    )
    expect(diskOf(resized, 'vdb')).toMatchObject({
      basis: 'bitmap',
      parentId: full.id,
      bytesCopied: cluster + endPiece,
    })

    for (const { id } of disks) await qemu.write(id, '5M', cluster, 14)
    const next = await backUp(world, qemu, disks, kept)
    expect(next).toMatchObject({
      kind: 'incremental',
      basis: 'bitmap',
      adds: 2 * cluster + 2 * endPiece,
      parentId: resized.id,
    })
  },
)

test('a disk that is plugged in is copied in full, the other by its bitmap; without it again, the rest goes on', async () => {
  using dir = tempDir()
  using kept = new KeptDisks()
  const [first, second] = await twoDisks(dir)
  await using world = await backupWorld()
  await using before = await startQemu({ disks: [first], machine: 'pc,accel=tcg' })
  await before.write('vda', 0, '8M', 31)
  const alone = await backUp(world, before, [first], kept)

  const file = { driver: 'file', filename: second.path }
  await before.monitor.command('blockdev-add', { driver: 'qcow2', 'node-name': 'n-vdb', file })
  await before.monitor.command('device_add', { driver: 'virtio-blk-pci', id: 'vdb', drive: 'n-vdb' })
  await before.write('vdb', 0, '4M', 32)
  await before.write('vda', '1M', cluster, 33)
  const both = await backUp(world, before, [first, second], kept)
  expect(diskOf(both, 'vda')).toMatchObject({ basis: 'bitmap', parentId: alone.id, bytesCopied: cluster + endPiece })
  expect(diskOf(both, 'vdb')).toMatchObject({ basis: 'all', parentId: null })
  expect(diskOf(both, 'vdb').basisReason).toBe('This is the first backup of this disk here.')
  await before.write('vdb', '6M', cluster, 34)
  expect(await backUp(world, before, [first, second], kept)).toMatchObject({
    basis: 'bitmap',
    adds: cluster + 2 * endPiece,
  })

  await before.quit()
  await using without = await startQemu({ disks: [first], machine: 'pc,accel=tcg' })
  await without.write('vda', '7M', cluster, 35)
  expect(await backUp(world, without, [first], kept)).toMatchObject({ basis: 'bitmap', adds: cluster + endPiece })
  await without.quit()

  // Its bitmap is still the one of the last point that has this disk.
  await using again = await startQemu({ disks: [first, second], machine: 'pc,accel=tcg' })
  await again.write('vdb', '9M', cluster, 36)
  const back = await backUp(world, again, [first, second], kept)
  expect(back).toMatchObject({ kind: 'incremental', basis: 'bitmap', adds: cluster + 2 * endPiece })
  for (const { id } of [first, second]) {
    expect((await bitmapsOf(again, id)).map(({ name }) => name)).toEqual([diskOf(back, id).bitmap])
  }
})

test('a disk that has another name in the start command is copied in full once, says which name it had, and sheds its old bitmap', async () => {
  using dir = tempDir()
  using kept = new KeptDisks()
  const [first, second] = await twoDisks(dir)
  await using world = await backupWorld()
  await using before = await startQemu({ disks: [first, second] })
  for (const { id } of [first, second]) await before.write(id, 0, '4M', 41)
  const named = await backUp(world, before, [first, second], kept)
  await before.quit()

  const renamed: TestDisk = { ...first, id: 'system' }
  await using after = await startQemu({ disks: [renamed, second] })
  for (const { id } of [renamed, second]) await after.write(id, '6M', cluster, 42)
  const again = await backUp(world, after, [renamed, second], kept)
  const [old, now] = [diskOf(named, 'vda'), diskOf(again, 'system')]
  expect(now).toMatchObject({ basis: 'all', parentId: null })
  expect(now.basisReason).toBe(
    `vda.qcow2 was backed up here as ${old.id} before. As ${now.id} it is copied in full once.`,
  )
  expect(diskOf(again, 'vdb')).toMatchObject({ basis: 'bitmap', parentId: named.id, bytesCopied: cluster + endPiece })
  expect((await bitmapsOf(after, 'system')).map(({ name }) => name)).toEqual([now.bitmap])

  for (const { id } of [renamed, second]) await after.write(id, '7M', cluster, 43)
  expect(await backUp(world, after, [renamed, second], kept)).toMatchObject({
    kind: 'incremental',
    basis: 'bitmap',
    adds: 2 * cluster + 2 * endPiece,
  })
})
