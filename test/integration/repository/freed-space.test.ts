import { execFileSync } from 'node:child_process'
import { mkdirSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { PointId } from '../../../shared/domain/ids.ts'
import { cloneVolume, cloningFileSystems } from '../../support/clone-volume.ts'
import { beginIncremental, TestDisk, type Write } from '../../support/incremental-points.ts'
import { never, newMachineId, noProgress, testRepository } from '../../support/repository.ts'
import type { Volume } from '../../support/volume.ts'

const mib = 1 << 20

/** Half of the bytes from `first` to `last` (MiB), in stretches of `step` bytes. */
function everyOther(step: number, first: number, last: number): Write[] {
  const writes: Write[] = []
  for (let offset = first * mib; offset < last * mib; offset += 2 * step)
    writes.push({ offset, length: step, apart: true })
  return writes
}

/** Whole, from `first` to `last` (MiB). */
function whole(step: number, first: number, last: number): Write[] {
  const writes: Write[] = []
  for (let offset = first * mib; offset < last * mib; offset += step) writes.push({ offset, length: step, apart: true })
  return writes
}

/** What the guest discards from `first` to `last` (MiB). */
const zeroes = (first: number, last: number): Write => ({
  offset: first * mib,
  length: (last - first) * mib,
  zero: true,
})

/** Free bytes once the file system has caught up with what was deleted. */
function freeOn(drive: Volume): number {
  execFileSync('sync', ['-f', drive.path])
  drive.unmount()
  drive.mount()
  const { bavail, bsize } = statfsSync(drive.path)
  return bavail * bsize
}

/**
 * Five points of a disk of 64 MiB: 0, 1 from it, 2 and 3 both from 1, 4 from 2. `step`: what the guest writes at a time. On
 * btrfs that is what becomes an extent: it frees those only when nobody shows any byte of them.
 */
async function makePoints(path: string, step: number): Promise<readonly PointId[]> {
  const wishes = [
    // As in a full backup by QEMU, which copies what is zeroes too.
    { parent: null, writes: [...whole(step, 0, 32), zeroes(32, 64)] },
    { parent: 0, writes: [...everyOther(step, 0, 16), ...whole(step, 40, 44)] },
    { parent: 1, writes: [...everyOther(step, 8, 24), ...whole(step, 42, 48), zeroes(28, 30), zeroes(60, 64)] },
    { parent: 1, writes: [...everyOther(step, 20, 32), ...whole(step, 50, 54)] },
    { parent: 2, writes: [...everyOther(step, 0, 12), ...whole(step, 54, 60)] },
  ]
  await using test = await testRepository()
  const destination = await test.repository.addDestination(path, 'Drive')
  const machineId = newMachineId()
  const points: PointId[] = []
  for (const { parent, writes } of wishes) {
    using disk = new TestDisk(64 * mib)
    disk.write(writes)
    const parentId = parent === null ? null : (points[parent] as PointId)
    const { partial, facts } = await beginIncremental(test.repository, destination, disk, {
      machineId,
      parentId,
      writes,
    })
    const createdAt = new Date(Date.UTC(2026, 0, 1 + points.length, 12)).toISOString()
    const { id } = await test.repository.record(partial, { ...facts, createdAt })
    await test.repository.computeIndex(id, noProgress, never)
    points.push(id)
  }
  return points
}

const steps = { xfs: 256 << 10, btrfs: 1 << 20 }

it.each(cloningFileSystems)(
  'on %s what is said to become free of points together is what the drive has more of afterwards',
  async (kind) => {
    using drive = cloneVolume(kind)
    const path = join(drive.path, 'backups')
    mkdirSync(path)
    const points = await makePoints(path, steps[kind])
    for (const numbers of [[2, 3], [0], [1, 4]]) {
      const removed = numbers.map((number) => points[number] as PointId)
      const before = freeOn(drive)
      let foreseen = 0
      {
        await using test = await testRepository()
        await test.repository.addDestination(path, null)
        foreseen = (await test.repository.deletionCost(removed)).freedBytes
        expect(await test.repository.deletePoints(removed)).toEqual({ freedBytes: foreseen })
      }
      expect(foreseen).toBeGreaterThan(6 * mib)
      const real = freeOn(drive) - before
      expect(Math.abs(real - foreseen) / foreseen, `${numbers}: ${foreseen} foreseen, ${real} freed`).toBeLessThan(0.15)
    }
  },
)
