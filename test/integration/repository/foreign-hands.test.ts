import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { lastGoodPoints } from '../../../electron/core/points/last-good.ts'
import { checksumOf, type JsonObject } from '../../../electron/core/repository/sealed-json.ts'
import { addPoint, never, newPoint, noProgress, testRepository } from '../../support/repository.ts'
import { tempDir } from '../../support/temp.ts'

const need = { bytes: 1 << 20, largestFile: 1 << 20, imagePaths: [] }

it('a point whose image somebody deleted or cut off is no good point, until the image is back', async () => {
  using place = tempDir()
  await using test = await testRepository()
  const destination = await test.repository.addDestination(place.path, null)
  const point = await addPoint(test.repository, destination)
  const image = join(point.path, point.disks[0]?.file ?? '')
  expect(lastGoodPoints(test.repository.points(null)).size).toBe(1)
  renameSync(image, place.file('aside'))
  await test.repository.refresh()
  expect(test.repository.point(point.id).unreadable).toContain('disk-vda.qcow2" is missing')
  expect(lastGoodPoints(test.repository.points(null)).size).toBe(0)
  renameSync(place.file('aside'), image)
  await test.repository.refresh()
  expect(test.repository.point(point.id).unreadable).toBeNull()
  truncateSync(image, 65536)
  await test.repository.refresh()
  expect(test.repository.point(point.id).unreadable).toContain('has 65536 bytes instead of')
})

it('a link where the store of a destination should be is neither read, written nor emptied', async () => {
  using place = tempDir()
  using elsewhere = tempDir()
  await using test = await testRepository()
  const destination = await test.repository.addDestination(place.path, null)
  const point = await addPoint(test.repository, destination)
  const machine = dirname(point.path)
  renameSync(machine, elsewhere.file('machine'))
  const doomed = elsewhere.file('machine', `.deleting-${point.id}`)
  mkdirSync(doomed)
  writeFileSync(join(doomed, 'kept'), '')
  symlinkSync(elsewhere.file('machine'), machine)
  await test.repository.sweepPartials(new Set())
  await expect(test.repository.deletePoint(point.id)).rejects.toMatchObject({ code: 'point/delete-failed' })
  await test.repository.refresh()
  expect(test.repository.points(null)).toEqual([])
  const opened = await test.repository.open(destination.id, need)
  const next = newPoint({ machineId: point.machineId })
  await expect(test.repository.beginPoint(opened, next)).rejects.toMatchObject({ code: 'destination/damaged-marker' })
  expect(existsSync(join(doomed, 'kept'))).toBe(true)
  expect(readdirSync(elsewhere.file('machine')).sort()).toEqual(
    [`.deleting-${point.id}`, basename(point.path), 'machine.json'].sort(),
  )
})

it('an unfinished point that is a link to somewhere else is left alone', async () => {
  using place = tempDir()
  using elsewhere = tempDir()
  await using test = await testRepository()
  const destination = await test.repository.addDestination(place.path, null)
  const opened = await test.repository.open(destination.id, need)
  const partial = await test.repository.beginPoint(opened, newPoint())
  renameSync(partial.folder, elsewhere.file('moved'))
  writeFileSync(elsewhere.file('moved', 'holiday.jpg'), '')
  symlinkSync(elsewhere.file('moved'), partial.folder)
  await test.repository.sweepPartials(new Set())
  await expect(test.repository.discard(partial)).rejects.toMatchObject({ code: 'destination/damaged-marker' })
  expect(readdirSync(elsewhere.file('moved')).sort()).toEqual(['holiday.jpg', 'owner.json'])
})

it('folders that only look like an unfinished deletion are not deleted', async () => {
  using place = tempDir()
  await using test = await testRepository()
  const destination = await test.repository.addDestination(place.path, null)
  const point = await addPoint(test.repository, destination)
  const mine = join(dirname(point.path), '.deleting-some-day')
  mkdirSync(mine)
  await test.repository.sweepPartials(new Set())
  expect(existsSync(mine)).toBe(true)
})

it('a manifest that names a file outside its folder, or an image that is a link, is no restore point', async () => {
  using place = tempDir()
  await using test = await testRepository()
  const destination = await test.repository.addDestination(place.path, null)
  const point = await addPoint(test.repository, destination)
  const manifest = join(point.path, 'manifest.json')
  const sound = JSON.parse(execFileSync('cat', [manifest], { encoding: 'utf8' })) as JsonObject
  for (const file of ['../x', '..', '.', '/etc/passwd', 'a/../../b', '']) {
    const disks = (sound.disks as JsonObject[]).map((disk) => ({ ...disk, file }))
    const forged = { ...sound, disks }
    writeFileSync(manifest, JSON.stringify({ ...forged, checksum: checksumOf(forged) }))
    await test.repository.refresh()
    expect(test.repository.point(point.id).unreadable, file).toMatch(/makes no sense/)
  }
  writeFileSync(manifest, JSON.stringify(sound))
  const image = join(point.path, point.disks[0]?.file ?? '')
  renameSync(image, place.file('live'))
  symlinkSync(place.file('live'), image)
  await expect(test.repository.assertReadable(point.id)).rejects.toMatchObject({ code: 'point/file-missing' })
})

it('a manifest or marker that is a pipe, a link or gigantic holds nothing up', async () => {
  using place = tempDir()
  await using test = await testRepository()
  const destination = await test.repository.addDestination(place.path, null)
  const point = await addPoint(test.repository, destination)
  const manifest = join(point.path, 'manifest.json')
  rmSync(manifest)
  execFileSync('mkfifo', [manifest])
  await test.repository.refresh()
  expect(test.repository.point(point.id).unreadable).toMatch(/not a plain file/)
  rmSync(manifest)
  writeFileSync(manifest, '')
  truncateSync(manifest, 2 ** 40)
  await test.repository.refresh()
  expect(test.repository.point(point.id).unreadable).toMatch(/far too large/)
  rmSync(place.file('floe-destination.json'))
  execFileSync('mkfifo', [place.file('floe-destination.json')])
  await test.repository.refresh()
  expect(test.repository.destination(destination.id).state.kind).not.toBe('connected')
})

it('a destination that goes away between the look and the write does not come into being as an empty folder', async () => {
  using place = tempDir()
  const path = place.file('drive')
  mkdirSync(path)
  await using test = await testRepository()
  const destination = await test.repository.addDestination(path, null)
  const opened = await test.repository.open(destination.id, need)
  renameSync(path, place.file('unplugged'))
  await expect(test.repository.beginPoint(opened, newPoint())).rejects.toMatchObject({ code: 'destination/missing' })
  expect(existsSync(path)).toBe(false)
})

it('an image that leads to a file elsewhere is damage, and what is there is neither read nor restored', async () => {
  using place = tempDir()
  await using test = await testRepository()
  const destination = await test.repository.addDestination(place.path, null)
  const point = await addPoint(test.repository, destination)
  const image = join(point.path, point.disks[0]?.file ?? '')
  const size = statSync(image).size
  writeFileSync(place.file('secret'), Buffer.alloc(4 << 20, 'secret'))
  rmSync(image)
  const options = ['-f', 'qcow2', '-b', place.file('secret'), '-F', 'raw', image, '4M']
  execFileSync('qemu-img', ['create', '-q', ...options])
  truncateSync(image, size)
  await test.repository.refresh()
  expect(await test.repository.verify(point.id, 'structure', noProgress, never)).toMatchObject({
    ok: false,
    damage: [{ kind: 'structure', text: expect.stringContaining('secret') }],
  })
  rmSync(join(point.path, 'verification.json'))
  await test.repository.refresh()
  await expect(test.repository.assertReadable(point.id)).rejects.toMatchObject({ code: 'point/damaged' })
  await expect(test.repository.computeIndex(point.id, noProgress, never)).rejects.toMatchObject({
    code: 'backup/check-failed',
  })
})
