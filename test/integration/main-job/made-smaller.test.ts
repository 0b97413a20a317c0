import { expect, test } from 'vitest'
import { type BackupWorld, backupWorld } from '../../support/backup-world.ts'
import { endPiece, exactPoint, KeptDisks } from '../../support/kept-disk.ts'
import { createImage, startQemu, type TestDisk, type TestQemu } from '../../support/qemu.ts'
import { run } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'

const cluster = 64 << 10
const small = 8 << 20
const size = 16 << 20

const asDisks = (path: string): readonly [TestDisk] => [{ id: 'vda', path, format: 'qcow2' }]

async function backUp(world: BackupWorld, qemu: TestQemu, path: string, kept: KeptDisks) {
  const content = { vda: await kept.keep(qemu, 'vda', path) }
  return exactPoint(world, world.run(await world.machine(qemu), { check: true }), content)
}

async function resize(qemu: TestQemu, ...sizes: readonly number[]) {
  for (const each of sizes) await qemu.monitor.command('block_resize', { 'node-name': 'n-vda', size: each })
}

test('a disk that was made smaller and larger again between two backups is not taken for the one it was', async () => {
  using dir = tempDir()
  using kept = new KeptDisks()
  const path = await createImage(dir.file('a.qcow2'), `${size}`)
  await using world = await backupWorld()
  await using qemu = await startQemu({ disks: asDisks(path) })
  await qemu.write('vda', 0, size, 21)
  await backUp(world, qemu, path, kept)
  await resize(qemu, size - cluster, size)
  const compared = await backUp(world, qemu, path, kept)
  expect(compared).toMatchObject({ kind: 'incremental', basis: 'comparison' })
  expect(compared.kindReason).toContain('may have been made smaller and larger again')
  await qemu.write('vda', '2M', cluster, 22)
  expect(await backUp(world, qemu, path, kept)).toMatchObject({ basis: 'bitmap', adds: cluster + endPiece })
  await resize(qemu, 2 * size, size)
  expect(await backUp(world, qemu, path, kept)).toMatchObject({ basis: 'bitmap', adds: endPiece })
})

test('the same while the machine was off', async () => {
  using dir = tempDir()
  using kept = new KeptDisks()
  const path = await createImage(dir.file('a.qcow2'), `${size}`)
  await using world = await backupWorld()
  await using before = await startQemu({ disks: asDisks(path) })
  await before.write('vda', 0, size, 31)
  await backUp(world, before, path, kept)
  await before.quit()
  await run('qemu-img', 'resize', '-q', '-f', 'qcow2', '--shrink', path, `${small}`)
  await run('qemu-img', 'resize', '-q', '-f', 'qcow2', path, `${size}`)
  await using after = await startQemu({ disks: asDisks(path) })
  expect(await backUp(world, after, path, kept)).toMatchObject({ kind: 'incremental', basis: 'comparison' })
})

test('a disk whose last piece is shorter than a mark of the bitmap is copied right, cut within that piece or not', async () => {
  using dir = tempDir()
  using kept = new KeptDisks()
  const odd = size + 3 * 512
  const path = await createImage(dir.file('a.qcow2'), `${odd}`)
  await using world = await backupWorld()
  await using qemu = await startQemu({ disks: asDisks(path) })
  await qemu.write('vda', 0, odd, 41)
  await backUp(world, qemu, path, kept)
  await resize(qemu, odd - 512, odd)
  const cut = await backUp(world, qemu, path, kept)
  expect(cut).toMatchObject({ basis: 'bitmap' })
  expect(cut.adds).toBeLessThanOrEqual(cluster)
  await qemu.write('vda', '2M', cluster, 42)
  expect(await backUp(world, qemu, path, kept)).toMatchObject({ basis: 'bitmap' })
  await resize(qemu, size, odd)
  expect(await backUp(world, qemu, path, kept)).toMatchObject({ basis: 'comparison' })
})

test('a disk that is cut and grown while a backup begins ends that backup, and the next one compares', async () => {
  using dir = tempDir()
  using kept = new KeptDisks()
  const path = await createImage(dir.file('a.qcow2'), `${size}`)
  await using world = await backupWorld()
  await using qemu = await startQemu({ disks: asDisks(path) })
  await qemu.write('vda', 0, size, 51)
  await backUp(world, qemu, path, kept)
  const { repository } = world.floe
  const make = repository.makeImage
  repository.makeImage = async (...given) => {
    repository.makeImage = make
    await resize(qemu, small, size)
    return make.apply(repository, given)
  }
  const job = await world.run(await world.machine(qemu))
  expect(job.state).toMatchObject({ kind: 'failed', problem: { code: 'backup/parent-lost' } })
  expect(repository.points(null)).toHaveLength(1)
  const compared = await backUp(world, qemu, path, kept)
  expect(compared).toMatchObject({ kind: 'incremental', basis: 'comparison' })
})
