import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { PointId } from '../../../shared/domain/ids.ts'
import type { Point } from '../../../shared/domain/point.ts'
import { writesOf } from '../../support/chain-of-points.ts'
import { addIncremental, copyInto, TestDisk } from '../../support/incremental-points.ts'
import { diskId, factsOf, never, newMachineId, newPoint, noProgress, testRepository } from '../../support/repository.ts'
import { tempDir } from '../../support/temp.ts'

const MiB = 1 << 20

it('each disk goes its own way: one lies over all points, one began anew in the middle, one came later', async () => {
  using place = tempDir()
  await using test = await testRepository()
  const { repository } = test
  const destination = await repository.addDestination(place.path, null)
  const machineId = newMachineId()
  using a = new TestDisk(4 * MiB)
  using small = new TestDisk(2 * MiB)
  using large = new TestDisk(3 * MiB)
  using late = new TestDisk(MiB)
  const [vda, vdb, vdc] = ['vda', 'VDB', 'vdc'].map(diskId) as [Point['disks'][number]['id'], never, never]
  const points: Point[] = []
  const expected = new Map<string, string>()
  const rounds = [
    [
      { id: vda, disk: a },
      { id: vdb, disk: small },
    ],
    [
      { id: vda, disk: a },
      { id: vdb, disk: large },
    ],
    [
      { id: vda, disk: a },
      { id: vdb, disk: large },
      { id: vdc, disk: late },
    ],
    [
      { id: vda, disk: a },
      { id: vdb, disk: large },
      { id: vdc, disk: late },
    ],
  ]
  for (const [round, disks] of rounds.entries()) {
    const before = points.at(-1) ?? null
    const wishes = disks.map(({ id, disk }, number) => {
      const known = before?.disks.find((candidate) => candidate.id === id)
      const parentId = known && known.virtualSize === disk.virtualSize ? (before?.id ?? null) : null
      const writes = writesOf(round * 10 + number + 1, disk.virtualSize)
      disk.write(writes)
      return { id, disk, virtualSize: disk.virtualSize, parentId, writes }
    })
    const point = newPoint({
      machineId,
      kind: before ? 'incremental' : 'full',
      parentId: before?.id ?? null,
      disks: wishes.map(({ id, virtualSize, parentId }) => ({ id, virtualSize, parentId })),
    })
    const open = await repository.open(destination.id, { bytes: MiB, largestFile: MiB, imagePaths: [] })
    const partial = await repository.beginPoint(open, point)
    for (const { id, virtualSize, parentId, writes, disk } of wishes) {
      await repository.makeImage(partial, { id, virtualSize, parentId })
      copyInto(partial.imagePath(id), disk, writes)
      expected.set(`${point.id} ${id}`, disk.keep(`${round}-${id}`))
    }
    const facts = factsOf(point)
    const factsWithParents = facts.disks.map((fact, at) => ({ ...fact, parentId: wishes[at]?.parentId ?? null }))
    const { id } = await repository.record(partial, { ...facts, disks: factsWithParents })
    points.push(await repository.computeIndex(id, noProgress, never))
  }
  const idOf = (number: number) => points[number]?.id as PointId
  await repository.deletePoints([idOf(0), idOf(2)])
  const assertSame = async (ids: readonly PointId[]) => {
    expect(
      repository
        .points(null)
        .map(({ id }) => id)
        .sort(),
    ).toEqual([...ids].sort())
    for (const id of ids) {
      const point = await repository.assertReadable(id)
      for (const { id: disk, file } of point.disks) {
        const raw = expected.get(`${id} ${disk}`) ?? ''
        execFileSync('qemu-img', ['compare', '-f', 'qcow2', '-F', 'raw', join(point.path, file), raw])
      }
      expect((await repository.verify(id, 'content', noProgress, never)).damage).toEqual([])
      expect(readdirSync(point.path).filter((name) => /merg|^\./.test(name))).toEqual([])
    }
  }
  await assertSame([idOf(1), idOf(3)])
  const parents = (number: number) => repository.point(idOf(number)).disks.map(({ parentId }) => parentId)
  expect(parents(1)).toEqual([null, null])
  // The disk that came in a deleted point stands alone now.
  expect(parents(3)).toEqual([idOf(1), idOf(1), null])
  expect(repository.point(idOf(3)).needs).toEqual([idOf(1)])
  await repository.deletePoints([idOf(1)])
  await assertSame([idOf(3)])
  expect(repository.point(idOf(3)).needs).toEqual([])
})

it('what the guest discarded takes up no room in the images that are merged, whatever the path is called', async () => {
  using place = tempDir()
  const path = place.file(`a,b:c 'd" %e`)
  mkdirSync(path)
  await using test = await testRepository()
  const { repository } = test
  const destination = await repository.addDestination(path, null)
  const machineId = newMachineId()
  using disk = new TestDisk(48 * MiB)
  const points: Point[] = []
  const rounds = [
    [{ offset: 0, length: 40 * MiB }],
    [
      { offset: MiB, length: 30 * MiB, zero: true },
      { offset: 41 * MiB, length: 65536 },
    ],
    [{ offset: 45 * MiB, length: 65536 }],
  ]
  for (const writes of rounds) {
    disk.write(writes)
    const parentId = points.at(-1)?.id ?? null
    points.push(await addIncremental(repository, destination, disk, { machineId, parentId, writes }))
  }
  const [, second, third] = points.map(({ id }) => id) as [PointId, PointId, PointId]
  await repository.deletePoints([second])
  const image = join((await repository.assertReadable(third)).path, 'disk-vda.qcow2')
  expect(statSync(image).blocks * 512).toBeLessThan(8 * MiB)
  execFileSync('qemu-img', ['compare', '-f', 'qcow2', '-F', 'raw', image, disk.keep('last')])
})
