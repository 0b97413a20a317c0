import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Point, Verification } from '../../../shared/domain/point.ts'
import { flipGuestByte } from '../../support/flip-guest-byte.ts'
import { addIncremental, TestDisk } from '../../support/incremental-points.ts'
import { never, newMachineId, noProgress, type TestRepository, testRepository } from '../../support/repository.ts'
import { volume } from '../../support/volume.ts'

const miB = 1 << 20
const imageOf = (point: Point) => join(point.path, 'disk-vda.qcow2')

/** A full point and one that lies over it, both with content indexes. */
async function twoPoints(test: TestRepository, path: string, disk: TestDisk): Promise<readonly [Point, Point]> {
  const { repository } = test
  const destination = await repository.addDestination(path, null)
  const machineId = newMachineId()
  const add = async (parentId: Point['id'] | null, offset: number, length: number) => {
    const writes = [{ offset, length }]
    disk.write(writes)
    const { id } = await addIncremental(repository, destination, disk, { machineId, parentId, writes })
    return repository.computeIndex(id, noProgress, never)
  }
  const base = await add(null, 0, 4 * miB)
  return [base, await add(base.id, 3 * miB, miB)]
}

/** Breaks the image's structure, and leaves what the guest sees as it is. Answers how to mend it. */
function breakStructure(point: Point): () => void {
  const sound = readFileSync(imageOf(point))
  const broken = Buffer.from(sound)
  const refcounts = Number(broken.readBigUInt64BE(48))
  writeFileSync(imageOf(point), broken.fill(0, refcounts, refcounts + 65536))
  return () => writeFileSync(imageOf(point), sound)
}

const verify = (test: TestRepository, { id }: Point, level: Verification['level']) =>
  test.repository.verify(id, level, noProgress, never)
const verdictOn = (test: TestRepository, { id }: Point) => test.repository.point(id).verification

describe('content that a check found damaged', () => {
  it('stays known through a broken structure that passes, for the point and for those that it reaches', async () => {
    using drive = volume('ext4', 200)
    await using test = await testRepository()
    using disk = new TestDisk(4 * miB)
    const [base, second] = await twoPoints(test, drive.path, disk)
    await flipGuestByte(base, miB + 5)
    await verify(test, base, 'content')
    const known = { ok: false, level: 'content', damage: [{ kind: 'content', offset: miB }] }
    renameSync(imageOf(base), `${imageOf(base)}.away`)
    await test.repository.refresh()
    expect(await verify(test, base, 'structure')).toMatchObject({ ok: false, damage: [{ kind: 'missing' }] })
    expect(verdictOn(test, base)).toMatchObject(known)
    renameSync(`${imageOf(base)}.away`, imageOf(base))
    await test.repository.refresh()
    expect(await verify(test, base, 'structure')).toMatchObject({ ok: true })
    expect(verdictOn(test, base)).toMatchObject(known)
    expect(verdictOn(test, second)).toMatchObject({ ...known, foundIn: base.id })
    await flipGuestByte(base, miB + 5)
    await verify(test, base, 'content')
    expect(verdictOn(test, base)).toMatchObject({ ok: true })
    expect(verdictOn(test, second)).toBeNull()
  })

  it('marks a point whose structure alone was known to be broken, which then has to be read itself', async () => {
    using drive = volume('ext4', 200)
    await using test = await testRepository()
    using disk = new TestDisk(4 * miB)
    const [base, second] = await twoPoints(test, drive.path, disk)
    const mend = breakStructure(second)
    expect(await verify(test, second, 'structure')).toMatchObject({ ok: false })
    await flipGuestByte(base, miB + 5)
    await verify(test, base, 'content')
    const both = [{ kind: 'content' }, { kind: 'structure' }]
    expect(verdictOn(test, second)).toMatchObject({ ok: false, level: 'content', foundIn: null, damage: both })
    mend()
    await verify(test, second, 'structure')
    expect(verdictOn(test, second)).toMatchObject({ ok: false, level: 'content' })
    await flipGuestByte(base, miB + 5)
    await verify(test, base, 'content')
    expect(verdictOn(test, second)).toMatchObject({ ok: false, level: 'content' })
    await verify(test, second, 'content')
    expect(verdictOn(test, second)).toMatchObject({ ok: true })
  })

  it('of another point does not cover up a structure that is broken here', async () => {
    using drive = volume('ext4', 200)
    await using test = await testRepository()
    using disk = new TestDisk(4 * miB)
    const [base, second] = await twoPoints(test, drive.path, disk)
    await flipGuestByte(base, miB + 5)
    await verify(test, base, 'content')
    expect(verdictOn(test, second)).toMatchObject({ ok: false, foundIn: base.id })
    breakStructure(second)
    await verify(test, second, 'structure')
    await flipGuestByte(base, miB + 5)
    await verify(test, base, 'content')
    expect(verdictOn(test, base)).toMatchObject({ ok: true })
    expect(verdictOn(test, second)).toMatchObject({ ok: false, foundIn: null })
  })
})

describe('a broken structure', () => {
  it('of a point with damaged content marks those that lie over it, until it is sound again', async () => {
    using drive = volume('ext4', 200)
    await using test = await testRepository()
    using disk = new TestDisk(4 * miB)
    const [base, second] = await twoPoints(test, drive.path, disk)
    // Bytes that the second point wrote itself.
    await flipGuestByte(base, 3 * miB + 5)
    await verify(test, base, 'content')
    expect(verdictOn(test, second)).toBeNull()
    const mend = breakStructure(base)
    await verify(test, base, 'structure')
    expect(verdictOn(test, base)).toMatchObject({ ok: false, level: 'content' })
    expect(verdictOn(test, second)).toMatchObject({ ok: false, level: 'structure', foundIn: base.id })
    mend()
    await verify(test, base, 'structure')
    expect(verdictOn(test, base)).toMatchObject({ ok: false, level: 'content' })
    expect(verdictOn(test, second)).toBeNull()
  })
})
