import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Repository } from '../../electron/core/repository/types.ts'
import type { MachineId, PointId } from '../../shared/domain/ids.ts'
import type { Point } from '../../shared/domain/point.ts'
import { beginIncremental, TestDisk, type Write } from './incremental-points.ts'
import { never, newMachineId, noProgress, testRepository } from './repository.ts'

const cluster = 64 << 10

/** What the guest writes before a point, the same for the same seed: some of it over what it wrote before, some zeroes. */
export function writesOf(seed: number, virtualSize: number): Write[] {
  let state = seed * 2654435761 + 1
  const next = (below: number) => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 374761393) >>> 0
    return state % below
  }
  const clusters = Math.floor(virtualSize / cluster)
  const used = new Set<number>()
  const writes: Write[] = []
  for (let write = 0; write < 10; write += 1) {
    const first = next(clusters - 4)
    const length = 1 + next(4)
    const pieces = Array.from({ length }, (_, at) => first + at)
    if (pieces.some((piece) => used.has(piece))) continue
    for (const piece of pieces) used.add(piece)
    writes.push({ offset: first * cluster, length: length * cluster, zero: next(4) === 0 })
  }
  return writes.sort((a, b) => a.offset - b.offset)
}

export interface Chain extends Disposable {
  /** The destination's folder. */
  readonly path: string
  readonly machineId: MachineId
  /** Oldest first. */
  readonly points: readonly Point[]
  /** The disk as it was at each point, as raw images. */
  readonly raw: ReadonlyMap<PointId, string>
}

/** Points on a destination, a day apart, each started from the one `parents` names by its number (null: a full). */
export async function makeChain(path: string, parents: readonly (number | null)[]): Promise<Chain> {
  await using made = await testRepository()
  const disk = new TestDisk(4 << 20)
  mkdirSync(path, { recursive: true })
  const destination = await made.repository.addDestination(path, 'Drive')
  const machineId = newMachineId()
  const points: Point[] = []
  const raw = new Map<PointId, string>()
  const written: Write[][] = []
  for (const [number, parent] of parents.entries()) {
    const writes = writesOf(number + 1, disk.virtualSize)
    disk.write(writes)
    written.push(writes)
    // What was written since the parent, which need not be the point right before.
    const since = parent === null ? written.slice(0) : written.slice(parent + 1)
    const pieces = new Map<number, Write>()
    for (const { offset, length } of since.flat()) {
      for (let at = offset; at < offset + length; at += cluster) pieces.set(at, { offset: at, length: cluster })
    }
    const together = [...pieces.values()].sort((a, b) => a.offset - b.offset)
    const isNext = parent !== null && parent === number - 1

    const { partial, facts } = await beginIncremental(made.repository, destination, disk, {
      machineId,
      parentId: parent === null ? null : (points[parent]?.id ?? null),
      writes: isNext ? writes : together,
    })
    const createdAt = new Date(Date.UTC(2026, 0, 1 + number, 12)).toISOString()
    const point = await made.repository.record(partial, { ...facts, createdAt })
    points.push(await made.repository.computeIndex(point.id, noProgress, never))
    raw.set(point.id, disk.keep(`point-${number}`))
  }
  return { path, machineId, points, raw, [Symbol.dispose]: () => disk[Symbol.dispose]() }
}

/** Every point there restores byte for byte what the disk was, by its image alone and by what Floe knows of it. */
export async function assertIntact(
  repository: Repository,
  chain: Pick<Chain, 'raw'>,
  ids: readonly PointId[],
  how: 'images' | 'verified' = 'verified',
) {
  const listed = repository.points(null)
  expect(listed.map(({ id }) => id).sort()).toEqual([...ids].sort())
  for (const id of ids) {
    const point = repository.point(id)
    expect(point.unreadable).toBeNull()
    await repository.assertReadable(id)
    const image = join(point.path, 'disk-vda.qcow2')
    execFileSync('qemu-img', ['compare', '-f', 'qcow2', '-F', 'raw', image, chain.raw.get(id) ?? ''])
    if (how === 'verified') expect((await repository.verify(id, 'content', noProgress, never)).damage).toEqual([])
    for (const needed of point.needs) expect(ids).toContain(needed)
  }
}

/** Nothing of a deletion is left in the points' folders. */
export function assertTidy(points: readonly Point[]): void {
  const expected = ['RESTORE.txt', 'disk-vda.copied', 'disk-vda.index', 'disk-vda.qcow2', 'manifest.json']
  for (const { path } of points) {
    expect(
      readdirSync(path)
        .filter((name) => name !== 'verification.json')
        .sort(),
    ).toEqual(expected)
  }
}
