import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { PointId } from '../../../shared/domain/ids.ts'
import type { Point } from '../../../shared/domain/point.ts'
import { addIncremental, TestDisk } from '../../support/incremental-points.ts'
import { never, newMachineId, noProgress, testRepository } from '../../support/repository.ts'
import { volume } from '../../support/volume.ts'

const cluster = 65536
const clusters = 48
const miB = 1 << 20

/** A generator of numbers below `limit`, the same for the same seed. */
function numbers(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

/** Flips a bit in a cluster of an image file; false when the cluster does not lie in that file. */
function flip(path: string, number: number): boolean {
  const text = execFileSync('qemu-img', ['map', '--output=json', '-f', 'qcow2', path], { encoding: 'utf8' })
  const at = number * cluster
  const run = (JSON.parse(text) as { start: number; length: number; depth: number; offset?: number }[]).find(
    ({ start, length }) => start <= at && at < start + length,
  )
  if (run?.depth !== 0 || run.offset === undefined) return false
  const file = openSync(path, 'r+')
  const byte = Buffer.alloc(1)
  const place = run.offset + at - run.start + 100
  readSync(file, byte, 0, 1, place)
  writeSync(file, Buffer.from([(byte[0] ?? 0) ^ 4]), 0, 1, place)
  closeSync(file)
  return true
}

it.each([11, 42, 2026])(
  'in a random tree of chains, exactly the points that show a flipped byte are marked (%i)',
  async (seed) => {
    using drive = volume('ext4', 300)
    await using test = await testRepository()
    using disk = new TestDisk(clusters * cluster)
    const next = numbers(seed)
    const { repository, ports } = test
    const destination = await repository.addDestination(drive.path, null)
    const machineId = newMachineId()
    const points: Point[] = []
    /** For each point, which point wrote each cluster that it shows. */
    const writers: number[][] = []
    for (let number = 0; number < 6; number += 1) {
      ports.clock.set(`2026-03-0${number + 1}T09:00:00.000Z`)
      const parent = number === 0 ? null : Math.max(0, number - 1 - next(3))
      const written = Array.from({ length: clusters }, (_, at) => at).filter(() => parent === null || next(4) === 0)
      const writes = written.map((at) => ({ offset: at * cluster, length: cluster }))
      disk.write(writes)
      const parentId: PointId | null = parent === null ? null : (points[parent] as Point).id
      const { id } = await addIncremental(repository, destination, disk, { machineId, parentId, writes })
      points.push(await repository.computeIndex(id, noProgress, never))
      const below = parent === null ? [] : (writers[parent] as number[])
      writers.push(Array.from({ length: clusters }, (_, at) => (written.includes(at) ? number : (below[at] as number))))
    }
    const victim = next(points.length)
    const own = Array.from({ length: clusters }, (_, at) => at).filter((at) => writers[victim]?.[at] === victim)
    const hurt = own[next(own.length)] as number
    expect(flip(join((points[victim] as Point).path, 'disk-vda.qcow2'), hurt)).toBe(true)
    const showing = points.flatMap((_, number) => (writers[number]?.[hurt] === victim ? [number] : []))
    const checked = showing[next(showing.length)] as number

    const verdict = await repository.verify((points[checked] as Point).id, 'content', noProgress, never)
    expect(verdict.damage).toMatchObject([{ kind: 'content', offset: Math.floor((hurt * cluster) / miB) * miB }])
    const marked = points.flatMap(({ id }, number) => (repository.point(id).verification?.ok === false ? [number] : []))
    expect(marked).toEqual(showing)
  },
)
