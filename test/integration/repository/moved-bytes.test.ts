import { execFileSync } from 'node:child_process'
import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { PointId } from '../../../shared/domain/ids.ts'
import { beginIncremental, TestDisk, type Write } from '../../support/incremental-points.ts'
import { never, newMachineId, noProgress, testRepository } from '../../support/repository.ts'
import { volume } from '../../support/volume.ts'

const mib = 1 << 20
const step = 256 << 10

/** Half of the bytes from `first` to `last` (MiB), or all of them. */
function writesIn(first: number, last: number, stride: 1 | 2): Write[] {
  const writes: Write[] = []
  for (let offset = first * mib; offset < last * mib; offset += stride * step) writes.push({ offset, length: step })
  return writes
}

/** A chain of four points of a disk of 64 MiB on an empty drive. */
async function makeChain(path: string) {
  using disk = new TestDisk(64 * mib)
  await using test = await testRepository()
  const destination = await test.repository.addDestination(path, 'Drive')
  const machineId = newMachineId()
  const ids: PointId[] = []
  const all: Write[][] = [
    // As in a full backup by QEMU, which copies what is zeroes too.
    [...writesIn(0, 24, 1), { offset: 24 * mib, length: 40 * mib, zero: true }],
    [...writesIn(8, 20, 2), ...writesIn(30, 34, 1)],
    // What the guest discards takes up nothing, here or where it moves to.
    [...writesIn(12, 16, 2), { offset: 30 * mib, length: 2 * mib, zero: true }, ...writesIn(40, 44, 1)],
    [...writesIn(0, 4, 2), ...writesIn(42, 50, 1)],
  ]
  for (const writes of all) {
    disk.write(writes)
    const parentId = ids.at(-1) ?? null
    const { partial, facts } = await beginIncremental(test.repository, destination, disk, {
      machineId,
      parentId,
      writes,
    })
    const createdAt = new Date(Date.UTC(2026, 0, 1 + ids.length, 12)).toISOString()
    const { id } = await test.repository.record(partial, { ...facts, createdAt })
    await test.repository.computeIndex(id, noProgress, never)
    ids.push(id)
  }
  return ids
}

const filesBelow = (path: string): string[] =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

it('on a chain, what is said to be written before any points go is what is written, for each set of them', async () => {
  using drive = volume('ext4', 600)
  const original = join(drive.path, 'original')
  execFileSync('mkdir', [original])
  const ids = await makeChain(original)
  const alone = new Map<number, number>()
  for (const numbers of [[0], [1], [2], [3], [0, 1], [1, 2], [0, 2], [0, 1, 2], [0, 1, 2, 3]]) {
    const path = join(drive.path, numbers.join('-'))
    execFileSync('cp', ['-a', '--sparse=always', original, path])
    execFileSync('sync', ['-f', path])
    const removed = numbers.map((number) => ids[number] as PointId)
    await using test = await testRepository()
    await test.repository.addDestination(path, null)
    const { movedBytes } = await test.repository.deletionCost(removed)
    const images = new Set(filesBelow(path))
    let [written, built] = [0, 0]
    await test.repository.deletePoints(removed, {
      onStep: (name) => {
        if (name !== 'ready') return
        // Everything of one merge is built and on the drive, and nothing has its name yet.
        for (const file of filesBelow(path)) {
          if (images.has(file) || !/disk-vda\.merging-[0-9a-f]+$/.test(file)) continue
          written += lstatSync(file).blocks * 512
          built += 1
        }
      },
    })
    // Tables inside the images, and what the file system needs for files of many pieces.
    const allowed = 0.05 * written + built * 512 * 1024
    expect(
      Math.abs(movedBytes - written),
      `${numbers}: ${movedBytes} foreseen, ${written} written`,
    ).toBeLessThanOrEqual(allowed)
    if (numbers.length === 1) alone.set(numbers[0] as number, movedBytes)
    else {
      // Each of them alone would move what the next one moves again.
      const sum = numbers.reduce((bytes, number) => bytes + (alone.get(number) ?? 0), 0)
      if (numbers.join() !== '0,2') expect(movedBytes).toBeLessThan(sum)
    }
    execFileSync('rm', ['-r', path])
  }
  expect(alone.get(0)).toBeGreaterThan(16 * mib)
  expect(alone.get(3)).toBe(0)
})
