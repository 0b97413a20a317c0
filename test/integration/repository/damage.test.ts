import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { seal } from '../../../electron/core/repository/sealed-json.ts'
import type { Point } from '../../../shared/domain/point.ts'
import { addPoint, diskId, never, noProgress, type TestRepository, testRepository } from '../../support/repository.ts'
import { run } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'

const sixteen = 16 << 20

function flip(path: string, at: number): void {
  const bytes = readFileSync(path)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(path, bytes)
}

/** A point with two disks; data at 3 MiB to 7 MiB and 10 MiB to 11 MiB of each. */
async function checkedPoint(test: TestRepository, path: string): Promise<Point> {
  const destination = await test.repository.addDestination(path, null)
  const disks = ['vda', 'vdb'].map((id) => ({ id: diskId(id), virtualSize: sixteen }))
  const commands = ['write -P 7 3M 4M', 'write -P 8 10M 1M']
  const point = await addPoint(test.repository, destination, { point: { disks }, commands })
  return test.repository.computeIndex(point.id, noProgress, never)
}

const content = (test: TestRepository, point: Point) => test.repository.verify(point.id, 'content', noProgress, never)

it('one flipped byte of data is found and named by disk and offset, and remembered', async () => {
  using place = tempDir()
  await using test = await testRepository()
  const point = await checkedPoint(test, place.path)
  const image = join(point.path, 'disk-vdb.qcow2')
  const map = JSON.parse(await run('qemu-img', 'map', '--output=json', image)) as { start: number; offset?: number }[]
  const extent = map.find(({ start }) => start === 3 << 20)
  flip(image, (extent?.offset ?? 0) + (2 << 20) + 12345)
  expect(await test.repository.verify(point.id, 'structure', noProgress, never)).toMatchObject({ ok: true })
  const verdict = await content(test, point)
  expect(verdict).toMatchObject({
    level: 'content',
    ok: false,
    damage: [{ diskId: 'vdb', file: 'disk-vdb.qcow2', kind: 'content', offset: 5 << 20, length: 1 << 20 }],
  })
  expect(verdict.damage[0]?.text).toContain('Bytes 5242880 to 6291455 of the disk "vdb"')
  await expect(test.repository.assertReadable(point.id)).rejects.toMatchObject({ code: 'point/damaged' })
  expect(await test.repository.verify(point.id, 'structure', noProgress, never)).toMatchObject({ ok: true })
  await using again = await testRepository({}, test.home.file('destinations.json'))
  expect(again.repository.point(point.id).verification).toEqual(verdict)
  flip(image, (extent?.offset ?? 0) + (2 << 20) + 12345)
  expect(await content(test, point)).toMatchObject({ ok: true })
  expect(await test.repository.assertReadable(point.id)).toMatchObject({ verification: { ok: true } })
})

it('data that appears where there was none is damage too', async () => {
  using place = tempDir()
  await using test = await testRepository()
  const point = await checkedPoint(test, place.path)
  const size = readFileSync(join(point.path, 'disk-vda.qcow2')).length
  await run('qemu-io', '-f', 'qcow2', '-c', 'write -P 1 15M 1', join(point.path, 'disk-vda.qcow2'))
  truncateSync(
    join(point.path, 'disk-vda.qcow2'),
    Math.max(size, readFileSync(join(point.path, 'disk-vda.qcow2')).length),
  )
  const { damage } = await content(test, point)
  expect(damage.filter(({ kind }) => kind === 'content')).toMatchObject([{ offset: 15 << 20, length: 1 << 20 }])
})

it('a flipped byte anywhere in the content index is found', async () => {
  using place = tempDir()
  await using test = await testRepository()
  const point = await checkedPoint(test, place.path)
  const index = join(point.path, 'disk-vda.index')
  for (const at of [0, 9, 17, 40, 64, 70, readFileSync(index).length - 1]) {
    flip(index, at)
    expect(await content(test, point), `byte ${at}`).toMatchObject({
      ok: false,
      damage: [{ diskId: 'vda', file: 'disk-vda.index', kind: 'index' }],
    })
    flip(index, at)
  }
  rmSync(index)
  expect(await content(test, point)).toMatchObject({ ok: false, damage: [{ kind: 'index' }] })
})

it('an index of another point does not pass for this one', async () => {
  using place = tempDir()
  await using test = await testRepository()
  const point = await checkedPoint(test, place.path)
  const destination = test.repository.destinations()[0]
  if (!destination) throw new Error('no destination')
  const disks = [{ id: diskId('vda'), virtualSize: sixteen }]
  const other = await addPoint(test.repository, destination, { point: { disks } })
  await test.repository.computeIndex(other.id, noProgress, never)
  writeFileSync(join(point.path, 'disk-vda.index'), readFileSync(join(other.path, 'disk-vda.index')))
  expect(await content(test, point)).toMatchObject({ ok: false, damage: [{ kind: 'index', diskId: 'vda' }] })
})

it('a flipped byte in the manifest makes the point unreadable, whichever byte it is', async () => {
  using place = tempDir()
  await using test = await testRepository()
  const point = await checkedPoint(test, place.path)
  const manifest = join(point.path, 'manifest.json')
  const sound = readFileSync(manifest)
  const { version, format } = JSON.parse(sound.toString())
  expect({ version, format }).toEqual({ version: 1, format: 'floe-restore-point' })
  const ignorable = /[\s]/
  for (let at = 0; at < sound.length; at += 83) {
    if (ignorable.test(String.fromCharCode(sound[at] ?? 0))) continue
    flip(manifest, at)
    await test.repository.refresh()
    const listed = test.repository.points(null)
    expect(listed, `byte ${at}`).toMatchObject([{ id: point.id, machineId: point.machineId }])
    expect(listed[0]?.unreadable, `byte ${at}`).toMatch(/manifest\.json|newer Floe/)
    await expect(test.repository.assertReadable(point.id)).rejects.toMatchObject({
      code: expect.stringMatching(/^point\/(unreadable|newer)/),
    })
    writeFileSync(manifest, sound)
  }
  flip(manifest, 30)
  await test.repository.refresh()
  expect(await content(test, point)).toMatchObject({ ok: false, damage: [{ file: 'manifest.json' }] })
  await expect(
    test.repository.compareImage(point.id, diskId('vda'), '/x', 'raw', noProgress, never),
  ).rejects.toMatchObject({ code: 'point/unreadable' })
})

it('truncated, empty, missing and foreign manifests are listed as unreadable beside sound points', async () => {
  using place = tempDir()
  await using test = await testRepository()
  const sound = await checkedPoint(test, place.path)
  const destination = test.repository.destinations()[0]
  if (!destination) throw new Error('no destination')
  const broken = [
    '',
    '{"format":"floe-restore-point","version":1',
    'null',
    '[]',
    '{"format":"other"}',
    readFileSync(join(sound.path, 'manifest.json'), 'utf8'),
  ]
  const points: Point[] = []
  for (const text of broken) {
    const point = await addPoint(test.repository, destination)
    writeFileSync(join(point.path, 'manifest.json'), text)
    points.push(point)
  }
  const missing = await addPoint(test.repository, destination)
  rmSync(join(missing.path, 'manifest.json'))
  await test.repository.refresh()
  for (const point of [...points, missing]) {
    expect(test.repository.point(point.id).unreadable).toMatch(/cannot be trusted/)
    await expect(test.repository.assertReadable(point.id)).rejects.toMatchObject({ code: 'point/unreadable' })
  }
  expect(test.repository.points(null)).toHaveLength(broken.length + 2)
  expect(test.repository.point(sound.id)).toEqual(sound)
  await test.repository.deletePoint(missing.id)
  expect(test.repository.points(null)).toHaveLength(broken.length + 1)
})

it('a point of a newer Floe is listed and neither used, changed nor deleted', async () => {
  using place = tempDir()
  await using test = await testRepository()
  const point = await checkedPoint(test, place.path)
  const manifest = join(point.path, 'manifest.json')
  const text = seal({ ...JSON.parse(readFileSync(manifest, 'utf8')), version: 2, disks: 'quite different' })
  writeFileSync(manifest, text)
  await test.repository.refresh()
  expect(test.repository.points(null)).toMatchObject([
    { id: point.id, machineName: 'debian', unreadable: expect.stringContaining('newer Floe') },
  ])
  const newer = { code: 'point/newer-format' }
  await expect(test.repository.assertReadable(point.id)).rejects.toMatchObject(newer)
  await expect(test.repository.computeIndex(point.id, noProgress, never)).rejects.toMatchObject(newer)
  await expect(content(test, point)).rejects.toMatchObject(newer)
  await expect(test.repository.deletePoint(point.id)).rejects.toMatchObject(newer)
  expect(readFileSync(manifest, 'utf8')).toBe(text)
})

it('an image that is missing, cut off or torn up is named', async () => {
  using place = tempDir()
  await using test = await testRepository()
  const point = await checkedPoint(test, place.path)
  const image = join(point.path, 'disk-vda.qcow2')
  const sound = readFileSync(image)
  const structure = () => test.repository.verify(point.id, 'structure', noProgress, never)
  truncateSync(image, sound.length - 1)
  await expect(test.repository.assertReadable(point.id)).rejects.toMatchObject({ code: 'point/damaged' })
  expect(await structure()).toMatchObject({ ok: false, damage: [{ kind: 'size', diskId: 'vda' }] })
  rmSync(image)
  await expect(test.repository.assertReadable(point.id)).rejects.toMatchObject({ code: 'point/file-missing' })
  expect(await content(test, point)).toMatchObject({ ok: false, damage: [{ kind: 'missing', diskId: 'vda' }] })
  const torn = Buffer.from(sound)
  torn.fill(0, 0, 512)
  writeFileSync(image, torn)
  expect(await structure()).toMatchObject({ ok: false, damage: [{ kind: 'structure', diskId: 'vda' }] })
  const lost = Buffer.from(sound)
  const table = Number(lost.readBigUInt64BE(40))
  lost.fill(0, table, table + 8)
  writeFileSync(image, lost)
  const verdict = await content(test, point)
  expect(verdict.damage).toContainEqual(
    expect.objectContaining({ kind: 'content', diskId: 'vda', offset: 3 << 20, length: 4 << 20 }),
  )
})

it('a new point whose image is damaged fails its check and is marked', async () => {
  using place = tempDir()
  await using test = await testRepository()
  const destination = await test.repository.addDestination(place.path, null)
  const point = await addPoint(test.repository, destination)
  const bytes = readFileSync(join(point.path, 'disk-vda.qcow2'))
  const refcounts = Number(bytes.readBigUInt64BE(48))
  bytes.fill(0, refcounts, refcounts + 65536)
  writeFileSync(join(point.path, 'disk-vda.qcow2'), bytes)
  await expect(test.repository.computeIndex(point.id, noProgress, never)).rejects.toMatchObject({
    code: 'backup/check-failed',
  })
  expect(test.repository.point(point.id)).toMatchObject({ index: { kind: 'none' }, verification: { ok: false } })
})

it('a point without an index can only have its structure checked', async () => {
  using place = tempDir()
  await using test = await testRepository()
  const destination = await test.repository.addDestination(place.path, null)
  const point = await addPoint(test.repository, destination)
  const noIndex = { code: 'point/no-index' }
  await expect(content(test, point)).rejects.toMatchObject(noIndex)
  await expect(
    test.repository.compareImage(point.id, diskId('vda'), '/x', 'raw', noProgress, never),
  ).rejects.toMatchObject(noIndex)
  expect(await test.repository.verify(point.id, 'structure', noProgress, never)).toMatchObject({ ok: true })
})
