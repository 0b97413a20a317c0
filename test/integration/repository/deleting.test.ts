import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PointId } from '../../../shared/domain/ids.ts'
import { assertIntact, assertTidy, type Chain, makeChain } from '../../support/chain-of-points.ts'
import { testRepository } from '../../support/repository.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'
import { type Volume, volume } from '../../support/volume.ts'

const script = fileURLToPath(new URL('../../support/deleting-child.ts', import.meta.url))

let drive: Volume
let count = 0
let folder: TempDir
beforeAll(() => {
  drive = volume('ext4', 400)
  folder = tempDir()
})
afterAll(() => {
  drive[Symbol.dispose]()
  folder[Symbol.dispose]()
})

/** The same destination once more. */
function copyOf(chain: Chain): Chain {
  count += 1
  const path = join(drive.path, `copy-${count}`)
  execFileSync('cp', ['-a', chain.path, path])
  // What files occupy is only known once they are on the disk.
  execFileSync('sync', ['-f', path])
  return { ...chain, path }
}

const drop = ({ path }: Chain) => execFileSync('rm', ['-r', path])

async function opened(chain: Chain) {
  const test = await testRepository()
  await test.repository.addDestination(chain.path, null)
  return test
}

const idsOf = (chain: Chain, numbers: readonly number[]): PointId[] =>
  numbers.map((number) => chain.points[number]?.id as PointId)

/** All choices of some of the numbers below `count`, but not none. */
const choices = (count: number): number[][] =>
  Array.from({ length: 2 ** count - 1 }, (_, bits) =>
    Array.from({ length: count }, (_, number) => number).filter((number) => ((bits + 1) >> number) & 1),
  )

async function assertDeletable(chain: Chain, numbers: readonly number[]) {
  const copy = copyOf(chain)
  await using test = await opened(copy)
  const removed = idsOf(copy, numbers)
  const left = copy.points.map(({ id }) => id).filter((id) => !removed.includes(id))
  const cost = await test.repository.deletionCost(removed)
  const before = occupied(copy.path)
  const { freedBytes } = await test.repository.deletePoints(removed)
  expect(Math.abs(Math.max(0, before - occupied(copy.path)) - freedBytes)).toBeLessThan(64 << 10)
  // What was foreseen leaves out the tables inside the images.
  expect(Math.abs(cost.freedBytes - freedBytes)).toBeLessThan((numbers.length + 1) << 19)
  await assertIntact(test.repository, copy, left)
  assertTidy(left.map((id) => test.repository.point(id)))
  expect(await test.repository.deletePoints(left).then(() => test.repository.points(null))).toEqual([])
  drop(copy)
}

const occupied = (path: string) => Number(execFileSync('du', ['-s', '-B1', path], { encoding: 'utf8' }).split('\t')[0])

describe('on a chain', () => {
  it('whichever of four points are deleted, the others restore what the disk was', async () => {
    using chain = await makeChain(join(drive.path, 'four'), [null, 0, 1, 2])
    expect(chain.points[3]?.storage).toBe('chain')
    for (const numbers of choices(4)) await assertDeletable(chain, numbers)
    drop(chain)
  })

  it('also where two points started from one, and from a chain of six', async () => {
    using chain = await makeChain(join(drive.path, 'six'), [null, 0, 1, 1, 3, 4])
    for (const numbers of [[0], [1], [0, 1], [1, 3], [1, 2, 4], [0, 3, 4], [0, 2, 3, 4]]) {
      await assertDeletable(chain, numbers)
    }
    drop(chain)
  })

  it('killed at any step of it, every point that stays restores at once, and the next start ends it', async () => {
    using chain = await makeChain(join(drive.path, 'crash'), [null, 0, 1])
    const removed = idsOf(chain, [0, 1])
    const left = idsOf(chain, [2])
    const steps: string[] = []
    for (let crashAt = 0; ; crashAt += 1) {
      const copy = copyOf(chain)
      const child = spawnSync(process.execPath, [script, copy.path, removed.join(','), String(crashAt)], {
        encoding: 'utf8',
      })
      if (child.stdout.includes('done')) {
        drop(copy)
        break
      }
      expect(child.signal, child.stderr).toBe('SIGKILL')
      steps.push(child.stdout.trim().split('\n').at(-1) ?? '')
      await using test = await opened(copy)
      const listed = test.repository.points(null).map(({ id }) => id)
      expect(listed).toEqual(expect.arrayContaining(left))
      await assertIntact(test.repository, copy, listed, 'images')
      await test.repository.sweepPartials(new Set())
      await test.repository.refresh()
      assertTidy(listed.map((id) => test.repository.point(id)))
      const doomed = removed.filter((id) => listed.includes(id))
      if (doomed.length > 0) await test.repository.deletePoints(doomed)
      await assertIntact(test.repository, copy, left)
      assertTidy(left.map((id) => test.repository.point(id)))
      const machine = dirname(test.repository.point(left[0] as PointId).path)
      expect(readdirSync(machine).filter((name) => name.startsWith('.'))).toEqual([])
      drop(copy)
    }
    expect(steps.length).toBeGreaterThan(11)
    drop(chain)
  })
})
