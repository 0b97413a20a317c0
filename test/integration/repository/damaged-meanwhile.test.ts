import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { spreadVerdict } from '../../../electron/core/repository/spreading-marks.ts'
import type { Destination } from '../../../shared/domain/destination.ts'
import type { Point } from '../../../shared/domain/point.ts'
import { cloneVolume } from '../../support/clone-volume.ts'
import { flipGuestByte } from '../../support/flip-guest-byte.ts'
import { addIncremental, beginIncremental, TestDisk, type Write } from '../../support/incremental-points.ts'
import { never, newMachineId, noProgress, type TestRepository, testRepository } from '../../support/repository.ts'
import { volume } from '../../support/volume.ts'

const miB = 1 << 20
const full: readonly Write[] = [{ offset: 0, length: 6 * miB }]
const second: readonly Write[] = [{ offset: 2 * miB, length: miB }]
const third: readonly Write[] = [{ offset: 4 * miB, length: miB }]

/** Two checked points, and a third that is being written upon the second. */
async function withThird(test: TestRepository, path: string, disk: TestDisk, first = full) {
  const { repository } = test
  const destination = await repository.addDestination(path, null)
  const machineId = newMachineId()
  disk.write(first)
  const wish = { machineId, parentId: null, writes: first }
  const base = await repository.computeIndex(
    (await addIncremental(repository, destination, disk, wish)).id,
    noProgress,
    never,
  )
  disk.write(second)
  const wishOfSecond = { machineId, parentId: base.id, writes: second }
  const parent = await repository.computeIndex(
    (await addIncremental(repository, destination, disk, wishOfSecond)).id,
    noProgress,
    never,
  )
  disk.write(third)
  const begun = await beginIncremental(repository, destination, disk, { machineId, parentId: parent.id, writes: third })
  return { base, parent, ...begun }
}

const verify = (test: TestRepository, { id }: Point) => test.repository.verify(id, 'content', noProgress, never)
const verdictOn = (test: TestRepository, { id }: Point) => test.repository.point(id).verification

describe('a parent that is found damaged while a backup builds on it', () => {
  it('marks the new point of a store of clones, whose index knows no better', async () => {
    using drive = cloneVolume('xfs')
    await using test = await testRepository()
    using disk = new TestDisk(6 * miB)
    const { parent, partial, facts } = await withThird(test, drive.path, disk)
    // What a worn-out spot of the drive does to shared extents: each file shows the same wrong byte there.
    await flipGuestByte(parent, miB + 5)
    await flipGuestByte(partial, miB + 5)
    expect(await verify(test, parent)).toMatchObject({ ok: false })
    const point = await test.repository.record(partial, facts)
    expect(point.storage).toBe('clone')
    expect(point.verification).toMatchObject({ ok: false, foundIn: parent.id })
    await expect(test.repository.computeIndex(point.id, noProgress, never)).rejects.toMatchObject({
      code: 'backup/check-failed',
      message: expect.stringContaining(parent.createdAt),
    })
    expect(verdictOn(test, point)).toMatchObject({
      ok: false,
      foundIn: parent.id,
      damage: [{ kind: 'content', file: 'disk-vda.qcow2', offset: miB, length: miB }],
    })
    await expect(test.repository.assertReadable(point.id)).rejects.toMatchObject({ code: 'point/damaged' })
  })

  it('marks the new point of a chain too, by the point whose check found it', async () => {
    using drive = volume('ext4', 200)
    await using test = await testRepository()
    using disk = new TestDisk(6 * miB)
    const { base, parent, partial, facts } = await withThird(test, drive.path, disk)
    await flipGuestByte(base, miB + 5)
    await verify(test, base)
    expect(verdictOn(test, parent)).toMatchObject({ ok: false, foundIn: base.id })
    const point = await test.repository.record(partial, facts)
    await expect(test.repository.computeIndex(point.id, noProgress, never)).rejects.toMatchObject({
      code: 'backup/check-failed',
    })
    expect(verdictOn(test, point)).toMatchObject({ ok: false, foundIn: base.id })
    await flipGuestByte(base, miB + 5)
    await verify(test, base)
    expect(verdictOn(test, parent)).toBeNull()
    expect(verdictOn(test, point)).toBeNull()
  })

  it('marks the new point of a chain for what lies two points below, also when the one between is marked for something else', async () => {
    using drive = volume('ext4', 200)
    await using test = await testRepository()
    using disk = new TestDisk(6 * miB)
    const { repository } = test
    const { base, parent, partial, facts } = await withThird(test, drive.path, disk)
    const above = await repository.computeIndex((await repository.record(partial, facts)).id, noProgress, never)
    const writes = [{ offset: 0, length: miB }]
    disk.write(writes)
    const wish = { machineId: base.machineId, parentId: above.id, writes }
    const [destination] = repository.destinations()
    const begun = await beginIncremental(repository, destination as Destination, disk, wish)
    await flipGuestByte(base, 5)
    await flipGuestByte(parent, 2 * miB + 5)
    await verify(test, base)
    await verify(test, parent)
    expect(verdictOn(test, above)?.damage).toMatchObject([{ offset: 0 }])
    const point = await repository.record(begun.partial, begun.facts)
    expect(point.verification).toMatchObject({ ok: false, damage: [{ offset: 2 * miB }] })
    await expect(repository.computeIndex(point.id, noProgress, never)).rejects.toMatchObject({
      code: 'backup/check-failed',
    })
  })

  it('makes no index of bytes that are known to be damaged where no earlier index tells what they were', async () => {
    using drive = volume('ext4', 200)
    await using test = await testRepository()
    using disk = new TestDisk(6 * miB)
    const { repository } = test
    const destination = await repository.addDestination(drive.path, null)
    const machineId = newMachineId()
    const begin = (parentId: Point['id'] | null, writes: readonly Write[]) => {
      disk.write(writes)
      return beginIncremental(repository, destination, disk, { machineId, parentId, writes })
    }
    const record = async ({ partial, facts }: Awaited<ReturnType<typeof begin>>) => repository.record(partial, facts)
    const base = await repository.computeIndex((await record(await begin(null, full))).id, noProgress, never)
    const unchecked = await record(await begin(base.id, second))
    const begun = await begin(unchecked.id, third)
    await flipGuestByte(base, 5)
    await verify(test, base)
    const point = await record(begun)
    expect(point.verification).toMatchObject({ ok: false, foundIn: base.id })
    await expect(repository.computeIndex(point.id, noProgress, never)).rejects.toMatchObject({
      code: 'backup/check-failed',
    })
    expect(repository.point(point.id)).toMatchObject({ verification: { ok: false }, index: { kind: 'none' } })
  })

  it('marks the new point when its structure is broken, and the new one lies over it', async () => {
    using drive = volume('ext4', 200)
    await using test = await testRepository()
    using disk = new TestDisk(6 * miB)
    const { parent, partial, facts } = await withThird(test, drive.path, disk)
    const image = join(parent.path, 'disk-vda.qcow2')
    const bytes = readFileSync(image)
    const refcounts = Number(bytes.readBigUInt64BE(48))
    writeFileSync(image, bytes.fill(0, refcounts, refcounts + 65536))
    expect(await test.repository.verify(parent.id, 'structure', noProgress, never)).toMatchObject({ ok: false })
    const point = await test.repository.record(partial, facts)
    await expect(test.repository.computeIndex(point.id, noProgress, never)).rejects.toMatchObject({
      code: 'backup/check-failed',
    })
    expect(verdictOn(test, point)).toMatchObject({ ok: false, foundIn: parent.id, level: 'structure' })
  })

  it('leaves the new point good once it was read and shows the bytes as they should be', async () => {
    using drive = cloneVolume('xfs')
    await using test = await testRepository()
    using disk = new TestDisk(6 * miB)
    const { parent, partial, facts } = await withThird(test, drive.path, disk)
    // In this file only: writing to it parted it from those that shared its extent.
    await flipGuestByte(parent, miB + 5)
    await verify(test, parent)
    const point = await test.repository.record(partial, facts)
    expect(point.verification).toMatchObject({ ok: false, foundIn: parent.id })
    const checked = await test.repository.computeIndex(point.id, noProgress, never)
    expect(checked).toMatchObject({ verification: null, index: { kind: 'complete' } })
  })

  it('says nothing of bytes that the new point wrote itself', async () => {
    using drive = cloneVolume('xfs')
    await using test = await testRepository()
    using disk = new TestDisk(6 * miB)
    const { parent, partial, facts } = await withThird(test, drive.path, disk)
    await flipGuestByte(parent, 4 * miB + 5)
    await verify(test, parent)
    const point = await test.repository.record(partial, facts)
    expect(point.verification).toBeNull()
    expect((await test.repository.computeIndex(point.id, noProgress, never)).verification).toBeNull()
  })

  it('costs the new point its check also when the mark cannot be written', async () => {
    using drive = volume('ext4', 200)
    await using test = await testRepository()
    using disk = new TestDisk(6 * miB)
    const { base, parent, partial, facts } = await withThird(test, drive.path, disk)
    const point = await test.repository.record(partial, facts)
    mkdirSync(join(point.path, 'verification.json'))
    await flipGuestByte(base, miB + 5)
    await verify(test, base)
    expect(verdictOn(test, parent)).toMatchObject({ ok: false })
    expect(verdictOn(test, point)).toBeNull()
    expect((await test.repository.judge(point.id)).verification).toMatchObject({ ok: false, foundIn: base.id })
    await expect(test.repository.computeIndex(point.id, noProgress, never)).rejects.toMatchObject({
      code: 'backup/check-failed',
    })
  })

  it('marks a new point that was recorded before its parent was marked', async () => {
    using drive = volume('ext4', 200)
    await using test = await testRepository()
    using disk = new TestDisk(6 * miB)
    const { base, parent, partial, facts } = await withThird(test, drive.path, disk)
    const point = await test.repository.record(partial, facts)
    expect(point.verification).toBeNull()
    await flipGuestByte(base, miB + 5)
    const stored = [base, parent, point].map((one, sequence) => ({
      ...{ point: one, sequence, backedBy: one.needs, newer: false },
    }))
    let asked = 0
    const siblings = () => {
      asked += 1
      return asked === 1 ? stored.slice(0, 2) : stored
    }
    const damage = { diskId: disk.id, file: 'disk-vda.qcow2', kind: 'content' as const, text: 'Differs.' }
    const found = [{ ...damage, offset: miB, length: miB }]
    const verdict = { level: 'content' as const, ok: false, at: base.createdAt, damage: found, foundIn: null }
    await spreadVerdict({ ports: test.ports, point: base, siblings, signal: never }, verdict)
    await test.repository.refresh()
    for (const one of [parent, point]) expect(verdictOn(test, one)).toMatchObject({ ok: false, foundIn: base.id })
  })
})

/** More stretches than a verdict lists: the last one stands for all up to the disk's end. */
const scattered: readonly Write[] = Array.from({ length: 51 }, (_, number) => ({
  offset: 2 * number * miB,
  length: 65536,
}))

describe('a point further below that was damaged for itself', () => {
  it('says nothing against a new point, whose parent is sound, whether it is read back or not', async () => {
    using drive = cloneVolume('xfs')
    await using test = await testRepository()
    using disk = new TestDisk(6 * miB)
    const { base, parent, partial, facts } = await withThird(test, drive.path, disk)
    await flipGuestByte(base, miB + 5)
    expect(await verify(test, base)).toMatchObject({ ok: false })
    expect(await verify(test, parent)).toMatchObject({ ok: true })
    const point = await test.repository.record(partial, facts)
    expect(point.verification).toBeNull()
    await expect(test.repository.computeIndex(point.id, noProgress, AbortSignal.abort())).rejects.toThrow()
    expect(verdictOn(test, point)).toBeNull()
    expect(await test.repository.computeIndex(point.id, noProgress, never)).toMatchObject({ verification: null })
  })

  it('in more places than are listed says nothing either', async () => {
    using drive = cloneVolume('xfs')
    await using test = await testRepository()
    using disk = new TestDisk(320 * miB)
    const { base, parent, partial, facts } = await withThird(test, drive.path, disk, scattered)
    for (const { offset } of scattered) await flipGuestByte(base, offset + 5)
    expect(await verify(test, base)).toMatchObject({ ok: false })
    expect(await verify(test, parent)).toMatchObject({ ok: true })
    const point = await test.repository.record(partial, facts)
    expect(point.verification).toBeNull()
    const checked = await test.repository.computeIndex(point.id, noProgress, never)
    expect(checked).toMatchObject({ verification: null, index: { kind: 'complete' } })
  })
})

it('a parent that was damaged for itself in more places than are listed leaves a new point good that was read', async () => {
  using drive = cloneVolume('xfs')
  await using test = await testRepository()
  using disk = new TestDisk(320 * miB)
  const { parent, partial, facts } = await withThird(test, drive.path, disk, scattered)
  // The third writes its own bytes at 4 MiB.
  for (const { offset } of scattered) await flipGuestByte(parent, offset + 5)
  expect(await verify(test, parent)).toMatchObject({ ok: false })
  const point = await test.repository.record(partial, facts)
  expect(point.verification).toMatchObject({ ok: false, foundIn: parent.id })
  const checked = await test.repository.computeIndex(point.id, noProgress, never)
  expect(checked).toMatchObject({ verification: null, index: { kind: 'complete' } })
})
