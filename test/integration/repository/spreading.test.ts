import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, renameSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { spreadVerdict } from '../../../electron/core/repository/spreading-marks.ts'
import type { PointId } from '../../../shared/domain/ids.ts'
import type { Point } from '../../../shared/domain/point.ts'
import { cloneVolume } from '../../support/clone-volume.ts'
import { flipGuestByte } from '../../support/flip-guest-byte.ts'
import { addIncremental, TestDisk, type Write } from '../../support/incremental-points.ts'
import {
  diskId,
  never,
  newMachineId,
  noProgress,
  type TestRepository,
  testRepository,
} from '../../support/repository.ts'
import { volume } from '../../support/volume.ts'

const kiB = 1024
const miB = 1024 * kiB

/** What each point writes, and the number of the point it starts from. */
const history: readonly { readonly parent: number | null; readonly writes: readonly Write[] }[] = [
  { parent: null, writes: [{ offset: 0, length: 8 * miB }] },
  {
    parent: 0,
    writes: [
      { offset: 2 * miB, length: miB },
      { offset: 6 * miB, length: 64 * kiB },
    ],
  },
  { parent: 1, writes: [{ offset: 4 * miB, length: 128 * kiB }] },
  { parent: 0, writes: [{ offset: 3 * miB, length: 64 * kiB }] },
]

/** Four points of one disk, all with content indexes. */
async function makePoints(test: TestRepository, path: string, disk: TestDisk): Promise<readonly Point[]> {
  const { repository } = test
  mkdirSync(join(path, 'store'))
  const destination = await repository.addDestination(join(path, 'store'), null)
  const machineId = newMachineId()
  const points: Point[] = []
  for (const [number, { parent, writes }] of history.entries()) {
    test.ports.clock.set(`2026-03-0${number + 1}T09:00:00.000Z`)
    disk.write(writes)
    const parentId: PointId | null = parent === null ? null : (points[parent] as Point).id
    const recorded = await addIncremental(repository, destination, disk, { machineId, parentId, writes })
    points.push(await repository.computeIndex(recorded.id, noProgress, never))
  }
  return points
}

const verify = (test: TestRepository, point: Point) => test.repository.verify(point.id, 'content', noProgress, never)

/** Numbers of the points that must not be restored. */
const marked = (test: TestRepository, points: readonly Point[]) =>
  points.flatMap(({ id }, number) => (test.repository.point(id).verification?.ok === false ? [number] : []))

async function blocked(test: TestRepository, point: Point) {
  return test.repository.assertReadable(point.id).then(
    () => null,
    (error: unknown) => error,
  )
}

describe('one flipped byte in a chain', () => {
  it('is named with the file that holds it, and blocks every point that shows it, whichever was checked', async () => {
    using drive = volume('ext4', 200)
    await using test = await testRepository()
    using disk = new TestDisk(8 * miB)
    const points = await makePoints(test, drive.path, disk)
    const [base, second, third, fourth] = points as [Point, Point, Point, Point]
    expect(base.storage).toBe('chain')
    // The first point's byte at 2 MiB is hidden by the second point, and by the third over it.
    await flipGuestByte(base, 2 * miB + 77)
    const verdict = await verify(test, fourth)
    expect(verdict).toMatchObject({
      ok: false,
      foundIn: null,
      damage: [
        {
          diskId: 'vda',
          kind: 'content',
          offset: 2 * miB,
          length: miB,
          file: `${basename(base.path)}/disk-vda.qcow2`,
        },
      ],
    })
    expect(verdict.damage[0]?.text).toContain(`They lie in "${basename(base.path)}/disk-vda.qcow2"`)
    expect(marked(test, points)).toEqual([0, 3])
    expect(test.repository.point(base.id).verification).toMatchObject({ foundIn: fourth.id, level: 'content' })
    for (const point of [base, fourth]) {
      const nearest = point === base ? second : third
      expect(await blocked(test, point)).toMatchObject({
        code: 'point/damaged',
        message: expect.stringContaining(`Nearest good point: ${nearest.createdAt}.`),
        params: { nearestId: nearest.id, nearestAt: nearest.createdAt },
      })
    }
    for (const point of [second, third]) expect(await blocked(test, point)).toBeNull()
  })

  it('in a chunk of many holders is found in the one that has it', async () => {
    using drive = volume('ext4', 200)
    await using test = await testRepository()
    using disk = new TestDisk(8 * miB)
    const points = await makePoints(test, drive.path, disk)
    const [, second, third] = points as [Point, Point, Point, Point]
    await flipGuestByte(third, 4 * miB + 5)
    const verdict = await verify(test, third)
    expect(verdict.damage).toMatchObject([{ file: 'disk-vda.qcow2', offset: 4 * miB, kind: 'content' }])
    expect(verdict.damage[0]?.text).not.toContain('They lie in')
    expect(marked(test, points)).toEqual([2])
    await flipGuestByte(second, 6 * miB + 5)
    await verify(test, second)
    expect(marked(test, points)).toEqual([1, 2])
    expect(await blocked(test, points[0] as Point)).toBeNull()
  })

  it('frees all points again once the one that was checked, or they themselves, verify well', async () => {
    using drive = volume('ext4', 200)
    await using test = await testRepository()
    using disk = new TestDisk(8 * miB)
    const points = await makePoints(test, drive.path, disk)
    const [base, second] = points as [Point, Point, Point, Point]
    await flipGuestByte(base, 5 * miB + 9)
    await verify(test, base)
    expect(marked(test, points)).toEqual([0, 1, 2, 3])
    // Nothing of it is good by checking a point that still shows the byte, and that one's own verdict is then its own.
    await verify(test, second)
    expect(test.repository.point(second.id).verification).toMatchObject({ ok: false, foundIn: null })
    await flipGuestByte(base, 5 * miB + 9)
    await verify(test, second)
    expect(marked(test, points)).toEqual([0, 2, 3])
    await verify(test, base)
    expect(marked(test, points)).toEqual([])
    for (const point of points) expect(await blocked(test, point)).toBeNull()
  })
})

it('a check that is told to stop while it looks at other points says nothing about those', async () => {
  using drive = volume('ext4', 200)
  await using test = await testRepository()
  using disk = new TestDisk(8 * miB)
  const points = await makePoints(test, drive.path, disk)
  const [base] = points as [Point]
  await flipGuestByte(base, 5 * miB + 9)
  const siblings = () => points.map((point, sequence) => ({ point, sequence, backedBy: point.needs, newer: false }))
  const damage = { diskId: diskId('vda'), file: 'disk-vda.qcow2', kind: 'content' as const, text: 'Differs.' }
  const found = [{ ...damage, offset: 5 * miB, length: miB }]
  const verdict = { level: 'content' as const, ok: false, at: base.createdAt, damage: found, foundIn: null }
  const concerned = { ports: test.ports, point: base, siblings, signal: AbortSignal.abort() }
  await expect(spreadVerdict(concerned, verdict)).rejects.toMatchObject({ name: 'AbortError' })
  await test.repository.refresh()
  expect(marked(test, points)).toEqual([0])
})

describe('an image that was made to lie over a file elsewhere', () => {
  it('is not cleared by what that file holds, nor followed there when it is checked', async () => {
    using drive = volume('ext4', 200)
    await using test = await testRepository()
    using disk = new TestDisk(8 * miB)
    const points = await makePoints(test, drive.path, disk)
    const [base, second] = points as [Point, Point, Point, Point]
    const elsewhere = join(drive.path, 'sound.qcow2')
    copyFileSync(join(base.path, 'disk-vda.qcow2'), elsewhere)
    const image = join(second.path, 'disk-vda.qcow2')
    execFileSync('qemu-img', ['rebase', '-u', '-F', 'qcow2', '-b', elsewhere, image])
    await flipGuestByte(base, 5 * miB + 9)
    await verify(test, base)
    expect(marked(test, points)).toEqual([0, 1, 2, 3])
    // A file that cannot even be opened: the verdict speaks of where the image leads, not of what is there.
    execFileSync('qemu-img', ['rebase', '-u', '-F', 'qcow2', '-b', join(drive.path, 'nothing'), image])
    const verdict = await test.repository.verify(second.id, 'structure', noProgress, never)
    expect(verdict.damage).toMatchObject([{ kind: 'structure', text: expect.stringContaining('instead of') }])
  })
})

describe('an image of a chain that is gone', () => {
  it('blocks all that lie over it, named by its folder', async () => {
    using drive = volume('ext4', 200)
    await using test = await testRepository()
    using disk = new TestDisk(8 * miB)
    const points = await makePoints(test, drive.path, disk)
    const [, second, third] = points as [Point, Point, Point, Point]
    const image = join(second.path, 'disk-vda.qcow2')
    renameSync(image, `${image}.away`)
    await test.repository.refresh()
    const verdict = await test.repository.verify(third.id, 'structure', noProgress, never)
    expect(verdict.damage).toMatchObject([{ kind: 'missing', file: `${basename(second.path)}/disk-vda.qcow2` }])
    expect(marked(test, points)).toEqual([1, 2])
    expect(await blocked(test, third)).toMatchObject({ message: expect.stringContaining('Nearest good point') })
    renameSync(`${image}.away`, image)
    await test.repository.refresh()
    await test.repository.verify(third.id, 'structure', noProgress, never)
    expect(marked(test, points)).toEqual([])
  })
})

describe('one flipped byte in a clone', () => {
  it('is that point’s alone, because writing it made it its own', async () => {
    using drive = cloneVolume('xfs')
    await using test = await testRepository()
    using disk = new TestDisk(8 * miB)
    const points = await makePoints(test, drive.path, disk)
    const [, second] = points as [Point, Point, Point, Point]
    expect(second.storage).toBe('clone')
    await flipGuestByte(second, 5 * miB + 3)
    const verdict = await verify(test, second)
    expect(verdict.damage).toMatchObject([{ file: 'disk-vda.qcow2', offset: 5 * miB }])
    expect(marked(test, points)).toEqual([1])
    expect(await blocked(test, second)).toMatchObject({
      code: 'point/damaged',
      message: expect.stringContaining('Nearest good point'),
    })
  })

  it('is every point’s that shares the bytes and cannot be read to the contrary', async () => {
    using drive = cloneVolume('xfs')
    await using test = await testRepository()
    using disk = new TestDisk(8 * miB)
    const points = await makePoints(test, drive.path, disk)
    const [base, , third, fourth] = points as [Point, Point, Point, Point]
    // What a worn-out spot of the drive does to shared extents: each file shows the same wrong byte there.
    for (const point of [base, third, fourth]) await flipGuestByte(point, 5 * miB + 3)
    await verify(test, base)
    expect(marked(test, points)).toEqual([0, 2, 3])
    expect(test.repository.point(third.id).verification).toMatchObject({
      foundIn: base.id,
      damage: [{ diskId: 'vda', file: 'disk-vda.qcow2', offset: 5 * miB, length: miB }],
    })
  })
})
