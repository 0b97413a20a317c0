import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { computeContentIndex } from '../../../electron/core/repository/content-index/compute.ts'
import type { Point } from '../../../shared/domain/point.ts'
import { addIncremental, beginIncremental, TestDisk, type Write } from '../../support/incremental-points.ts'
import { never, newMachineId, noProgress, type TestRepository, testRepository } from '../../support/repository.ts'
import { run } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'
import { volume } from '../../support/volume.ts'

const miB = 1 << 20
const written: readonly Write[] = [
  { offset: 0, length: 2 * miB },
  { offset: 5 * miB, length: 65536 },
]

/** A recorded point, and the instant kept as the running machine's disk shows it: all of `disk`. `copied`: what got into the point. */
async function recorded(
  test: TestRepository,
  folder: string,
  disk: TestDisk,
  copied: readonly Write[],
): Promise<Point> {
  const { repository, ports } = test
  const destination = await repository.addDestination(folder, null)
  disk.write(written)
  const wish = { machineId: newMachineId(), parentId: null, writes: copied }
  const { partial, facts } = await beginIncremental(repository, destination, disk, wish)
  const { index } = await computeContentIndex(ports, { path: disk.path, format: 'raw' }, noProgress, never)
  await repository.keepInstant(partial, disk.id, index)
  return repository.record(partial, facts)
}

const instantOf = (point: Point) => join(point.path, 'disk-vda.instant')
const prove = (test: TestRepository, point: Point) => test.repository.prove(point.id, noProgress, never)

it('a point that is what the machine held is proven, and has its content index', async () => {
  using place = tempDir()
  await using test = await testRepository()
  using disk = new TestDisk(8 * miB)
  const point = await recorded(test, place.path, disk, written)
  expect(existsSync(instantOf(point))).toBe(true)
  expect(await prove(test, point)).toMatchObject({ level: 'live', ok: true, damage: [] })
  const proven = test.repository.point(point.id)
  expect(proven).toMatchObject({ index: { kind: 'complete' }, verification: { level: 'live', ok: true } })
  expect(existsSync(instantOf(point))).toBe(false)
  expect(await prove(test, point)).toBeNull()
  const later = await test.repository.verify(point.id, 'content', noProgress, never)
  expect(later).toMatchObject({ level: 'live', ok: true })
  await test.repository.assertReadable(point.id)
})

it('a cluster that was never copied is found, named, and blocks the point whatever is checked later', async () => {
  using place = tempDir()
  await using test = await testRepository()
  using disk = new TestDisk(8 * miB)
  const point = await recorded(test, place.path, disk, written.slice(0, 1))
  // Its images match what lies there, as the check after a backup without proof would say.
  await test.repository.computeIndex(point.id, noProgress, never)
  const verdict = await prove(test, point)
  expect(verdict).toMatchObject({ level: 'live', ok: false })
  expect(verdict?.damage[0]).toMatchObject({ diskId: 'vda', kind: 'content', offset: 5 * miB, length: miB })
  expect(verdict?.damage[0]?.text).toContain('differ from what the running machine held at this instant')
  expect(verdict?.damage).toContainEqual(expect.objectContaining({ kind: 'index' }))
  await expect(test.repository.assertReadable(point.id)).rejects.toMatchObject({ code: 'point/damaged' })
  expect(await test.repository.verify(point.id, 'structure', noProgress, never)).toMatchObject({ ok: true })
  const content = await test.repository.verify(point.id, 'content', noProgress, never)
  expect(content).toMatchObject({ ok: false, damage: [{ offset: 5 * miB }] })
  await expect(test.repository.assertReadable(point.id)).rejects.toMatchObject({ code: 'point/damaged' })
})

it('a proof that was cut short before its end can be made again', async () => {
  using place = tempDir()
  using aside = tempDir()
  await using test = await testRepository()
  using disk = new TestDisk(8 * miB)
  const point = await recorded(test, place.path, disk, written)
  copyFileSync(instantOf(point), aside.file('instant'))
  const given = new AbortController()
  given.abort()
  await expect(test.repository.prove(point.id, noProgress, given.signal)).rejects.toBeTruthy()
  expect(test.repository.point(point.id).verification).toBeNull()
  expect(existsSync(instantOf(point))).toBe(true)
  expect(await prove(test, point)).toMatchObject({ ok: true })
  const index = readFileSync(join(point.path, 'disk-vda.index'))
  // As if Floe had been killed right before the instant was removed.
  copyFileSync(aside.file('instant'), instantOf(point))
  expect(await prove(test, point)).toMatchObject({ ok: true })
  expect(readFileSync(join(point.path, 'disk-vda.index'))).toEqual(index)
  expect(existsSync(instantOf(point))).toBe(false)
})

it('nothing is said of a point whose instant was not kept or is torn', async () => {
  using place = tempDir()
  await using test = await testRepository()
  using disk = new TestDisk(8 * miB)
  const point = await recorded(test, place.path, disk, written)
  const bytes = readFileSync(instantOf(point))
  writeFileSync(instantOf(point), bytes.subarray(0, bytes.length - 7))
  expect(await prove(test, point)).toBeNull()
  expect(test.repository.point(point.id).verification).toBeNull()
  renameSync(instantOf(point), place.file('elsewhere'))
  symlinkSync(place.file('elsewhere'), instantOf(point))
  await expect(prove(test, point)).rejects.toMatchObject({ code: 'ELOOP' })
  expect(test.repository.point(point.id).verification).toBeNull()
})

it.each(['an older point', 'the new copy'] as const)(
  'a proof that fails by %s blocks just those that hold the damage',
  async (fault) => {
    using drive = volume('ext4', 100)
    await using test = await testRepository()
    using disk = new TestDisk(8 * miB)
    const { repository, ports } = test
    mkdirSync(join(drive.path, 'store'))
    const destination = await repository.addDestination(join(drive.path, 'store'), null)
    const machineId = newMachineId()
    const older: Point[] = []
    for (const writes of [written, [{ offset: 3 * miB, length: 65536 }]]) {
      disk.write(writes)
      const parentId = older.at(-1)?.id ?? null
      const point = await addIncremental(repository, destination, disk, { machineId, parentId, writes })
      older.push(await repository.computeIndex(point.id, noProgress, never))
    }
    const [base, second] = older as [Point, Point]
    const writes = [
      { offset: 4 * miB, length: 65536 },
      { offset: 7 * miB, length: 65536 },
    ]
    disk.write(writes)
    const isOld = fault === 'an older point'
    const wish = { machineId, parentId: second.id, writes: isOld ? writes : writes.slice(1) }
    const { partial, facts } = await beginIncremental(repository, destination, disk, wish)
    const { index } = await computeContentIndex(ports, { path: disk.path, format: 'raw' }, noProgress, never)
    await repository.keepInstant(partial, disk.id, index)
    const point = await repository.record(partial, facts)
    if (isOld) await run('qemu-io', '-f', 'qcow2', '-c', 'write -P 1 1M 4k', join(base.path, 'disk-vda.qcow2'))
    const verdict = await prove(test, point)
    expect(verdict).toMatchObject({ level: 'live', ok: false, foundIn: null })
    for (const { id } of older) {
      const found = repository.point(id).verification
      if (isOld) expect(found).toMatchObject({ level: 'content', ok: false, foundIn: point.id })
      else expect(found).toBeNull()
    }
    expect(repository.parents(machineId, destination.id)).toHaveLength(isOld ? 0 : 2)
  },
)
