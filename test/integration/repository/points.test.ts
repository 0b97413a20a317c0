import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { addPoint, diskId, never, noProgress, testRepository } from '../../support/repository.ts'
import { run } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'

it('a backup becomes a restore point that lists its disks, files and facts', async () => {
  using place = tempDir()
  await using test = await testRepository()
  const { repository, topics } = test
  const destination = await repository.addDestination(place.path, 'Drive')
  const point = await addPoint(repository, destination, {
    point: {
      disks: [
        { id: diskId('vda'), virtualSize: 4 << 20 },
        { id: diskId('UEFI vars/1'), virtualSize: 1 << 20 },
      ],
    },
    commands: ['write -P 9 0 64k'],
  })
  expect(point).toMatchObject({
    kind: 'full',
    index: { kind: 'none' },
    available: true,
    unreadable: null,
    verification: null,
  })
  expect(point.path).toMatch(/machines\/debian-[a-z0-9]{12}\/\d{8}-\d{6}-[a-z0-9]{12}$/)
  expect(readdirSync(point.path).sort()).toEqual(
    ['RESTORE.txt', point.disks[1]?.file, 'disk-vda.qcow2', 'manifest.json'].sort(),
  )
  expect(point.disks[1]?.file).toMatch(/^disk-uefi-vars-1-[0-9a-f]{8}\.qcow2$/)
  expect(repository.points(point.machineId)).toEqual([point])
  expect(topics.points.list()).toEqual([point])
  expect(topics.destinations.get(destination.id)).toMatchObject({
    pointCount: 1,
    sets: [{ machineName: 'debian', pointCount: 1 }],
  })
  expect(await repository.assertReadable(point.id)).toEqual(point)
})

it('checking a point writes its content index and keeps what it does not know in the manifest', async () => {
  using place = tempDir()
  await using test = await testRepository()
  const { repository } = test
  const destination = await repository.addDestination(place.path, null)
  const point = await addPoint(repository, destination)
  const told: number[] = []
  const checked = await repository.computeIndex(point.id, (done, total) => told.push(done / total), never)
  expect(checked.index).toEqual({ kind: 'complete' })
  expect(checked.disks[0]?.contentRoot).toMatch(/^[0-9a-f]{64}$/)
  expect(told.at(-1)).toBe(1)
  expect(await repository.verify(point.id, 'content', noProgress, never)).toMatchObject({ ok: true, damage: [] })
  expect(repository.point(point.id).verification).toMatchObject({ level: 'content', ok: true })
  await run('qemu-img', 'convert', '-O', 'raw', join(point.path, 'disk-vda.qcow2'), place.file('same.raw'))
  expect(
    await repository.compareImage(point.id, diskId('vda'), place.file('same.raw'), 'raw', noProgress, never),
  ).toEqual([])
})
