import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { seal } from '../../../electron/core/repository/sealed-json.ts'
import {
  addPoint,
  diskId,
  factsOf,
  never,
  newJobId,
  newPoint,
  noProgress,
  testRepository,
  writeImage,
} from '../../support/repository.ts'
import { run } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'
import { volume } from '../../support/volume.ts'

const need = { bytes: 1 << 20, largestFile: 1 << 20, imagePaths: [] }

it('a backup becomes a restore point that lists its disks, files and facts', async () => {
  using place = tempDir()
  await using test = await testRepository()
  const { repository, topics } = test
  const destination = await repository.addDestination(place.path, 'Drive')
  const disks = [
    { id: diskId('vda'), virtualSize: 4 << 20 },
    { id: diskId('UEFI vars/1'), virtualSize: 1 << 20 },
  ]
  const point = await addPoint(repository, destination, { point: { disks }, commands: ['write -P 9 0 64k'] })
  expect(point).toMatchObject({
    kind: 'full',
    index: { kind: 'none' },
    available: true,
    unreadable: null,
    verification: null,
  })
  expect(point.path).toMatch(/machines\/debian-[a-z0-9]{12}\/\d{8}-\d{6}-[a-z0-9]{12}$/)
  const second = point.disks[1]?.file ?? ''
  expect(second).toMatch(/^disk-uefi-vars-1-[0-9a-f]{8}\.qcow2$/)
  const lists = ['disk-vda.copied', second.replace('.qcow2', '.copied')]
  const files = ['RESTORE.txt', 'disk-vda.qcow2', second, ...lists, 'manifest.json']
  expect(readdirSync(point.path).sort()).toEqual(files.sort())
  expect(repository.points(point.machineId)).toEqual([point])
  expect(topics.points.list()).toEqual([point])
  expect(topics.destinations.get(destination.id)).toMatchObject({
    pointCount: 1,
    backupBytes: point.bytes,
    sets: [{ machineName: 'debian', pointCount: 1, bytes: point.bytes }],
  })
  expect(await repository.assertReadable(point.id)).toEqual(point)
})

it('checking a point writes its content index and keeps what it does not know in the manifest', async () => {
  using place = tempDir()
  await using test = await testRepository()
  const { repository } = test
  const destination = await repository.addDestination(place.path, null)
  const point = await addPoint(repository, destination)
  const manifest = join(point.path, 'manifest.json')
  writeFileSync(manifest, seal({ ...JSON.parse(readFileSync(manifest, 'utf8')), note: 'from later', tags: { a: [1] } }))
  const told: number[] = []
  const jobId = newJobId()
  repository.markChecking(point.id, jobId)
  expect(repository.point(point.id).index).toEqual({ kind: 'checking', jobId })
  const checked = await repository.computeIndex(point.id, (done, total) => told.push(done / total), never)
  repository.markChecking(point.id, null)
  expect(checked.disks[0]?.contentRoot).toMatch(/^[0-9a-f]{64}$/)
  expect(repository.point(point.id).index).toEqual({ kind: 'complete' })
  expect(told).toEqual([...told].sort((a, b) => a - b))
  expect(told.at(-1)).toBe(1)
  expect(JSON.parse(readFileSync(manifest, 'utf8'))).toMatchObject({ note: 'from later', tags: { a: [1] } })
  expect(await repository.verify(point.id, 'content', noProgress, never)).toMatchObject({ ok: true, damage: [] })
  expect(repository.point(point.id).verification).toMatchObject({ level: 'content', ok: true })
  await run('qemu-img', 'convert', '-O', 'raw', join(point.path, 'disk-vda.qcow2'), place.file('same.raw'))
  const vda = diskId('vda')
  const same = place.file('same.raw')
  expect(await repository.compareImage(point.id, vda, same, 'raw', noProgress, never)).toEqual([])
  await run('qemu-io', '-f', 'raw', '-c', 'write -P 8 1536k 1', same)
  expect(await repository.compareImage(point.id, vda, same, 'raw', noProgress, never)).toMatchObject([
    { diskId: 'vda', file: 'same.raw', kind: 'content', offset: 1 << 20, length: 1 << 20 },
  ])
  truncateSync(same, 2 << 20)
  expect(await repository.compareImage(point.id, vda, same, 'raw', noProgress, never)).toMatchObject([{ kind: 'size' }])
})

it('an index is never made anew from images that may have changed since', async () => {
  using place = tempDir()
  await using test = await testRepository()
  const destination = await test.repository.addDestination(place.path, null)
  const point = await addPoint(test.repository, destination)
  const { disks } = await test.repository.computeIndex(point.id, noProgress, never)
  await run('qemu-io', '-f', 'qcow2', '-c', 'write -P 8 1M 1', join(point.path, 'disk-vda.qcow2'))
  expect(await test.repository.computeIndex(point.id, noProgress, never)).toMatchObject({ disks })
  expect(await test.repository.verify(point.id, 'content', noProgress, never)).toMatchObject({ ok: false })
})

it('a check that is aborted ends at once and leaves the point as it was', async () => {
  using place = tempDir()
  await using test = await testRepository()
  const destination = await test.repository.addDestination(place.path, null)
  const disks = [{ id: diskId('vda'), virtualSize: 256 << 20 }]
  const point = await addPoint(test.repository, destination, { point: { disks }, commands: ['write -P 3 0 200M'] })
  const controller = new AbortController()
  const check = test.repository.computeIndex(point.id, () => controller.abort(), controller.signal)
  await expect(check).rejects.toMatchObject({ code: 'system/interrupted' })
  expect(test.repository.point(point.id)).toEqual(point)
  expect(await test.repository.deletePoint(point.id)).toMatchObject({ freedBytes: expect.any(Number) })
})

it('the steps in RESTORE.txt bring every disk back, whatever its path is called', async () => {
  using place = tempDir()
  await using test = await testRepository()
  const destination = await test.repository.addDestination(place.path, null)
  const folder = place.file(`odd 'quoted" $(x)\n%, :磁`)
  mkdirSync(folder)
  const point = newPoint({ disks: ['vda', 'It\'s "B"'].map((id) => ({ id: diskId(id), virtualSize: 4 << 20 })) })
  const partial = await test.repository.beginPoint(await test.repository.open(destination.id, need), point)
  for (const disk of point.disks) writeImage(partial.imagePath(disk.id), disk.virtualSize)
  const facts = factsOf(point)
  const sources = ['a.qcow2', "b'.img"].map((name) => join(folder, name))
  const recorded = await test.repository.record(partial, {
    ...facts,
    disks: facts.disks.map((disk, at) => ({
      ...disk,
      sourcePath: sources[at] ?? null,
      sourceFormat: at === 0 ? 'qcow2' : 'raw',
    })),
  })
  const text = readFileSync(join(recorded.path, 'RESTORE.txt'), 'utf8')
  const steps = text.slice(text.indexOf('--- steps ---') + 13, text.indexOf('--- end of steps ---'))
  await run('sh', '-e', '-c', `cd "$1"\n${steps}`, 'sh', recorded.path)
  expect(
    await run(
      'qemu-img',
      'compare',
      '-f',
      'qcow2',
      '-F',
      'qcow2',
      join(recorded.path, 'disk-vda.qcow2'),
      `${sources[0]}.restored`,
    ),
  ).toContain('identical')
  expect(
    await run(
      'qemu-img',
      'compare',
      '-f',
      'qcow2',
      '-F',
      'raw',
      join(recorded.path, recorded.disks[1]?.file ?? ''),
      `${sources[1]}.restored`,
    ),
  ).toContain('identical')
})

it('what was copied is recorded only when it is what the backup began with', async () => {
  using place = tempDir()
  await using test = await testRepository()
  const destination = await test.repository.addDestination(place.path, null)
  const point = newPoint()
  const partial = await test.repository.beginPoint(await test.repository.open(destination.id, need), point)
  const notRecorded = { code: 'backup/not-recorded' }
  const facts = factsOf(point)
  await expect(test.repository.record(partial, facts)).rejects.toMatchObject(notRecorded)
  writeImage(partial.imagePath(diskId('vda')), 4 << 20)
  await expect(test.repository.record(partial, { ...facts, disks: [] })).rejects.toMatchObject(notRecorded)
  expect(test.repository.points(null)).toEqual([])
  const recorded = await test.repository.record(partial, facts)
  expect(await test.repository.record(partial, facts)).toEqual(recorded)
  expect(test.repository.points(null)).toEqual([recorded])
})

it('after a restart an unfinished point is found again, by its own Floe only, and recorded or discarded', async () => {
  using place = tempDir()
  await using test = await testRepository()
  await using other = await testRepository()
  const { id } = await test.repository.addDestination(place.path, null)
  await other.repository.addDestination(place.path, null)
  const point = newPoint()
  const partial = await test.repository.beginPoint(await test.repository.open(id, need), point)
  writeImage(partial.imagePath(diskId('vda')), 4 << 20)
  await using again = await testRepository({}, test.home.file('destinations.json'), test.homeId)
  expect(await other.repository.findPartial(id, point.id)).toBeNull()
  await expect(other.repository.discard(partial)).rejects.toMatchObject({ code: 'destination/in-use' })
  expect(await other.repository.sweepPartials(new Set())).toEqual({ removed: 0, bytes: 0 })
  const found = await again.repository.findPartial(id, point.id)
  expect(found?.folder).toBe(partial.folder)
  expect(await again.repository.sweepPartials(new Set([point.jobId]))).toEqual({ removed: 0, bytes: 0 })
  expect(existsSync(partial.imagePath(diskId('vda')))).toBe(true)
  await again.repository.record(partial, factsOf(point))
  expect(await again.repository.findPartial(id, point.id)).toBeNull()
  await test.repository.refresh()
  expect(test.repository.point(point.id)).toMatchObject({ unreadable: null })

  const abandoned = await test.repository.beginPoint(await test.repository.open(id, need), newPoint())
  writeFileSync(abandoned.imagePath(diskId('vda')), Buffer.alloc(1 << 20, 1))
  const swept = await again.repository.sweepPartials(new Set())
  expect(swept.removed).toBe(1)
  expect(swept.bytes).toBeGreaterThanOrEqual(1 << 20)
  await test.repository.discard(abandoned)
  await test.repository.discard(abandoned)
  expect(existsSync(abandoned.folder)).toBe(false)
})

it('deleting frees the bytes it says, and not while somebody reads', async () => {
  using drive = volume('xfs', 400)
  await using test = await testRepository()
  const destination = await test.repository.addDestination(drive.path, null)
  const disks = [{ id: diskId('vda'), virtualSize: 64 << 20 }]
  const point = await addPoint(test.repository, destination, { point: { disks }, commands: ['write -P 5 0 40M'] })
  {
    using _first = test.repository.pinWhileReading(point.id)
    using _second = test.repository.pinWhileReading(point.id)
    await expect(test.repository.deletePoint(point.id)).rejects.toMatchObject({ code: 'point/in-use' })
  }
  await run('sync', '-f', drive.path)
  const free = () => statfsSync(drive.path).bavail * statfsSync(drive.path).bsize
  const before = free()
  const { freedBytes } = await test.repository.deletePoint(point.id)
  await run('sync', '-f', drive.path)
  expect(Math.abs(free() - before - freedBytes)).toBeLessThan(1 << 20)
  expect(readdirSync(dirname(point.path))).toEqual(['machine.json'])
  expect(() => test.repository.point(point.id)).toThrow(/no restore point/)
})

it('a deletion that was cut short is ended later and never lists half a point', async () => {
  using place = tempDir()
  await using test = await testRepository()
  const destination = await test.repository.addDestination(place.path, null)
  const point = await addPoint(test.repository, destination)
  const doomed = join(dirname(point.path), `.deleting-${point.id}`)
  const { renameSync } = await import('node:fs')
  renameSync(point.path, doomed)
  await test.repository.refresh()
  expect(test.repository.points(null)).toEqual([])
  expect((await test.repository.sweepPartials(new Set())).bytes).toBeGreaterThan(0)
  expect(existsSync(doomed)).toBe(false)
})

it('a removed point folder leaves the list at the next look', async () => {
  using place = tempDir()
  await using test = await testRepository()
  const destination = await test.repository.addDestination(place.path, null)
  const point = await addPoint(test.repository, destination)
  rmSync(point.path, { recursive: true })
  await test.repository.refresh()
  expect(test.topics.points.list()).toEqual([])
})
