import { renameSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type BackupWorld, backupWorld } from '../../support/backup-world.ts'
import { bitmapsOf, diskOf, endPiece, exactPoint, KeptDisks } from '../../support/kept-disk.ts'
import { createImage, startQemu, type TestDisk, type TestQemu } from '../../support/qemu.ts'
import { run, until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'

const cluster = 64 << 10

const asDisks = (path: string): readonly [TestDisk] => [{ id: 'vda', path, format: 'qcow2' }]

async function backUp(world: BackupWorld, qemu: TestQemu, path: string, kept: KeptDisks) {
  const content = { vda: await kept.keep(qemu, 'vda', path) }
  return exactPoint(world, world.run(await world.machine(qemu), { check: true }), content)
}

test('an old qcow2 image, version 2, is tracked while its machine lives, and compared once it was started again', async () => {
  using dir = tempDir()
  using kept = new KeptDisks()
  const path = dir.file('old.qcow2')
  await run('qemu-img', 'create', '-q', '-f', 'qcow2', '-o', 'compat=0.10', path, '32M')
  await using world = await backupWorld()
  await using before = await startQemu({ disks: asDisks(path) })
  await before.write('vda', 0, '16M', 11)
  await backUp(world, before, path, kept)
  await before.write('vda', '4M', cluster, 12)
  expect(await backUp(world, before, path, kept)).toMatchObject({ basis: 'bitmap', adds: cluster + endPiece })
  await before.quit()

  await using after = await startQemu({ disks: asDisks(path) })
  await after.write('vda', '8M', cluster, 13)
  const compared = await backUp(world, after, path, kept)
  expect(compared).toMatchObject({ kind: 'incremental', basis: 'comparison', adds: 1 << 20 })
  expect(compared.kindReason).toContain('tracked only until the machine stops')
  await after.write('vda', '20M', cluster, 14)
  expect(await backUp(world, after, path, kept)).toMatchObject({ basis: 'bitmap', adds: cluster + endPiece })
})

test.each(['4k', '64k', '2M'])('an image with clusters of %s is tracked in 64 KiB, to the byte', async (size) => {
  using dir = tempDir()
  using kept = new KeptDisks()
  const path = dir.file('a.qcow2')
  await run('qemu-img', 'create', '-q', '-f', 'qcow2', '-o', `cluster_size=${size}`, path, '33600k')
  await using world = await backupWorld()
  await using before = await startQemu({ disks: asDisks(path) })
  await before.write('vda', 0, '16M', 21)
  await backUp(world, before, path, kept)
  // One that ends with the disk, one across the border of two clusters, and zeroes over data.
  await before.write('vda', (33600 << 10) - 4096, 4096, 22)
  await before.write('vda', (4 << 20) - 512, 1024, 23)
  await before.zero('vda', 8 << 20, 2 << 20)
  const point = await backUp(world, before, path, kept)
  expect(point).toMatchObject({ basis: 'bitmap' })
  expect(point.adds).toBeLessThanOrEqual((2 << 20) + 3 * cluster)
  await before.quit()
  await using after = await startQemu({ disks: asDisks(path) })
  await after.write('vda', '12M', cluster, 24)
  expect(await backUp(world, after, path, kept)).toMatchObject({ basis: 'bitmap', adds: cluster + endPiece })
})

test('a snapshot that somebody takes in between moves the guest to another image: it is compared, and then tracked there', async () => {
  using dir = tempDir()
  using kept = new KeptDisks()
  const path = await createImage(dir.file('a.qcow2'), '32M')
  await using world = await backupWorld()
  // The drive's id is the disk's name, whatever image lies below it.
  const drive = ['-drive', `if=none,id=vda,format=qcow2,file=${path}`, '-device', 'virtio-blk-pci,drive=vda,id=vda']
  await using qemu = await startQemu({ args: drive })
  await qemu.write('vda', 0, '16M', 31)
  const full = await backUp(world, qemu, path, kept)
  await qemu.write('vda', '2M', cluster, 32)
  expect(await backUp(world, qemu, path, kept)).toMatchObject({ basis: 'bitmap', adds: cluster + endPiece })
  await qemu.write('vda', '3M', cluster, 32)
  const overlay = dir.file('overlay.qcow2')
  await qemu.monitor.command('blockdev-snapshot-sync', { device: 'vda', 'snapshot-file': overlay, format: 'qcow2' })
  await qemu.write('vda', '20M', cluster, 33)
  const compared = await backUp(world, qemu, overlay, kept)
  expect(compared).toMatchObject({ kind: 'incremental', basis: 'comparison', adds: 2 << 20 })
  expect(diskOf(compared, 'vda').id).toBe(diskOf(full, 'vda').id)
  await qemu.write('vda', '5M', cluster, 34)
  expect(await backUp(world, qemu, overlay, kept)).toMatchObject({ basis: 'bitmap', adds: cluster + endPiece })
})

test.each([
  ['and nothing is backed up in between', false],
  ['with a backup in between', true],
])('a snapshot that is committed back into its image, %s, takes no change away', async (_, between) => {
  using dir = tempDir()
  using kept = new KeptDisks()
  const path = await createImage(dir.file('a.qcow2'), '32M')
  await using world = await backupWorld()
  const drive = ['-drive', `if=none,id=vda,format=qcow2,file=${path}`, '-device', 'virtio-blk-pci,drive=vda,id=vda']
  await using qemu = await startQemu({ args: drive })
  await qemu.write('vda', 0, '16M', 35)
  await backUp(world, qemu, path, kept)
  await qemu.write('vda', '3M', cluster, 36)
  const overlay = dir.file('overlay.qcow2')
  await qemu.monitor.command('blockdev-snapshot-sync', { device: 'vda', 'snapshot-file': overlay, format: 'qcow2' })
  await qemu.write('vda', '20M', cluster, 37)
  if (between) await backUp(world, qemu, overlay, kept)
  await qemu.monitor.command('block-commit', { device: 'vda', 'job-id': 'commit' })
  const { events } = qemu.monitor
  await until(() => events.some(({ event }) => event === 'BLOCK_JOB_READY'), 'the commit to be ready')
  await qemu.monitor.command('job-complete', { id: 'commit' })
  await until(() => events.some(({ event }) => event === 'BLOCK_JOB_COMPLETED'), 'the end of the commit')
  await qemu.write('vda', '22M', cluster, 38)
  expect(await backUp(world, qemu, path, kept)).toMatchObject({ kind: 'incremental' })
  await qemu.write('vda', '5M', cluster, 39)
  expect(await backUp(world, qemu, path, kept)).toMatchObject({ basis: 'bitmap', adds: cluster + endPiece })
})

test('an image that was converted while its machine was off is compared, and only what changed is written', async () => {
  using dir = tempDir()
  using kept = new KeptDisks()
  const path = await createImage(dir.file('a.qcow2'), '32M')
  await using world = await backupWorld()
  await using before = await startQemu({ disks: asDisks(path) })
  await before.write('vda', 0, '16M', 41)
  const full = await backUp(world, before, path, kept)
  await before.write('vda', '3M', cluster, 42)
  await before.quit()
  await run('qemu-img', 'convert', '-O', 'qcow2', path, dir.file('new.qcow2'))
  renameSync(dir.file('new.qcow2'), path)

  await using after = await startQemu({ disks: asDisks(path) })
  const compared = await backUp(world, after, path, kept)
  expect(compared).toMatchObject({ kind: 'incremental', basis: 'comparison', parentId: full.id, adds: 1 << 20 })
  expect(compared.kindReason).toContain('the image was replaced')
  await after.write('vda', '5M', cluster, 43)
  expect(await backUp(world, after, path, kept)).toMatchObject({ basis: 'bitmap', adds: cluster + endPiece })
})

test('an older state of the image that somebody puts back, with its bitmap in it, is not taken for the present one', async () => {
  using dir = tempDir()
  using kept = new KeptDisks()
  const path = await createImage(dir.file('a.qcow2'), '32M')
  await using world = await backupWorld()
  await using first = await startQemu({ disks: asDisks(path) })
  await first.write('vda', 0, '16M', 51)
  await backUp(world, first, path, kept)
  await first.write('vda', '3M', cluster, 52)
  await first.quit()
  await run('cp', path, dir.file('older.qcow2'))
  await using second = await startQemu({ disks: asDisks(path) })
  await second.write('vda', '9M', cluster, 53)
  await backUp(world, second, path, kept)
  await second.quit()
  renameSync(dir.file('older.qcow2'), path)

  await using third = await startQemu({ disks: asDisks(path) })
  await third.write('vda', '12M', cluster, 54)
  const point = await backUp(world, third, path, kept)
  expect(point).toMatchObject({ kind: 'incremental' })
  expect((await bitmapsOf(third, 'vda')).map(({ name }) => name)).toEqual([diskOf(point, 'vda').bitmap])
})

test('bitmaps of others are never touched: neither read, nor cleared, nor removed', async () => {
  using dir = tempDir()
  using kept = new KeptDisks()
  const path = await createImage(dir.file('a.qcow2'), '32M')
  await using world = await backupWorld()
  await using before = await startQemu({ disks: asDisks(path) })
  for (const [name, persistent] of [
    ['backup-of-somebody', true],
    ['floe-ish', true],
    ['volatile', false],
  ] as const) {
    await before.monitor.command('block-dirty-bitmap-add', { node: 'n-vda', name, persistent })
  }
  const others = async (qemu: TestQemu) =>
    (await bitmapsOf(qemu, 'vda')).filter(({ name }) => !/^floe-.{12}-/.test(name)).sort(byName)
  const marked = (names: readonly string[], count: number) =>
    names.map((name) => ({ name, count, recording: true, inconsistent: false }))
  await before.write('vda', 0, '16M', 61)
  await backUp(world, before, path, kept)
  await before.write('vda', '20M', cluster, 62)
  expect(await backUp(world, before, path, kept)).toMatchObject({ basis: 'bitmap', adds: cluster + endPiece })
  const all = ['backup-of-somebody', 'floe-ish', 'volatile']
  expect(await others(before)).toEqual(marked(all, (16 << 20) + cluster))
  await before.quit()

  await using after = await startQemu({ disks: asDisks(path) })
  expect(await backUp(world, after, path, kept)).toMatchObject({ basis: 'bitmap', adds: endPiece })
  expect(await others(after)).toEqual(marked(all.slice(0, 2), (16 << 20) + cluster))
})

test('a bitmap that QEMU’s sudden end left inconsistent is removed while the machine runs, and tracking starts again', async () => {
  using dir = tempDir()
  using kept = new KeptDisks()
  const path = await createImage(dir.file('a.qcow2'), '32M')
  await using world = await backupWorld()
  await using first = await startQemu({ disks: asDisks(path) })
  await first.write('vda', 0, '16M', 71)
  const before = await backUp(world, first, path, kept)
  const name = diskOf(before, 'vda').bitmap
  // Stored once by a clean end, it is in the image: killed, the next QEMU leaves it there marked as in use.
  await first.quit()
  await using second = await startQemu({ disks: asDisks(path) })
  await second.write('vda', '3M', cluster, 72)
  await second.flush('vda')
  await second.kill()

  await using third = await startQemu({ disks: asDisks(path) })
  expect(await bitmapsOf(third, 'vda')).toMatchObject([{ name, inconsistent: true }])
  const compared = await backUp(world, third, path, kept)
  expect(compared).toMatchObject({ basis: 'comparison', adds: 1 << 20, parentId: before.id })
  expect(compared.kindReason).toContain('cut off, because QEMU ended without storing it')
  const now = await bitmapsOf(third, 'vda')
  expect(now).toEqual([{ name: diskOf(compared, 'vda').bitmap, count: endPiece, recording: true, inconsistent: false }])
  await third.write('vda', '5M', cluster, 73)
  expect(await backUp(world, third, path, kept)).toMatchObject({ basis: 'bitmap', adds: cluster + endPiece })
})

const byName = (a: { readonly name: string }, b: { readonly name: string }) => (a.name < b.name ? -1 : 1)
