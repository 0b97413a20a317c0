import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it, vi } from 'vitest'
import type { PartialPoint } from '../../../electron/core/repository/types.ts'
import type { Destination } from '../../../shared/domain/destination.ts'
import type { PointId } from '../../../shared/domain/ids.ts'
import {
  addPoint,
  diskId,
  factsOf,
  never,
  newMachineId,
  newPoint,
  noProgress,
  type TestRepository,
  testRepository,
  writeImage,
} from '../../support/repository.ts'
import { until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'

const need = { bytes: 0, largestFile: 0, imagePaths: [] }

type Step = { readonly floe: 0 | 1; readonly act: 'begin' | 'record' | 'discard' | 'sweep' | 'delete' | 'refresh' }

const steps = fc.array(
  fc.record({
    floe: fc.constantFrom(0 as const, 1 as const),
    act: fc.constantFrom('begin', 'begin', 'record', 'record', 'discard', 'sweep', 'delete', 'refresh'),
  }) as fc.Arbitrary<Step>,
  { minLength: 5, maxLength: 25 },
)

interface Side {
  readonly test: TestRepository
  readonly destination: Destination
  readonly open: { partial: PartialPoint; point: ReturnType<typeof newPoint> }[]
}

it('two Floes add, discard, sweep and delete on one destination at once, and neither loses what the other has', async () => {
  using images = tempDir()
  writeImage(images.file('image'), 4 << 20)
  await fc.assert(
    fc.asyncProperty(steps, async (plan) => {
      using place = tempDir()
      await using one = await testRepository()
      await using two = await testRepository()
      const machineId = newMachineId()
      const sides: Side[] = []
      for (const test of [one, two]) {
        sides.push({ test, destination: await test.repository.addDestination(place.path, null), open: [] })
      }
      const recorded = new Set<PointId>()
      await Promise.all(
        [0, 1].map(async (number) => {
          const side = sides[number] as Side
          for (const { act } of plan.filter(({ floe }) => floe === number)) {
            await carryOut(side, act, recorded, machineId, images.file('image'))
          }
        }),
      )
      for (const { test, open } of sides) {
        for (const { partial } of open) expect(existsSync(partial.folder)).toBe(true)
        await test.repository.refresh()
        const listed = test.repository.points(null)
        expect(new Set(listed.map(({ id }) => id))).toEqual(recorded)
        expect(listed.every(({ unreadable, available }) => unreadable === null && available)).toBe(true)
      }
      expect(one.repository.points(null).map(({ id }) => id)).toEqual(two.repository.points(null).map(({ id }) => id))
      const expected = sides.reduce((sum, { open }) => sum + open.length, 0)
      expect(hiddenIn(place.path)).toHaveLength(expected)
    }),
    { numRuns: 12 },
  )
})

async function carryOut(
  side: Side,
  act: Step['act'],
  recorded: Set<PointId>,
  machineId: ReturnType<typeof newMachineId>,
  image: string,
) {
  const { repository } = side.test
  if (act === 'begin') {
    const point = newPoint({ machineId, machineName: side.test.homeId })
    const partial = await repository.beginPoint(await repository.open(side.destination.id, need), point)
    const { copyFile } = await import('node:fs/promises')
    await copyFile(image, partial.imagePath(diskId('vda')))
    side.open.push({ partial, point })
  } else if (act === 'record') {
    const next = side.open.shift()
    if (!next) return
    await repository.record(next.partial, factsOf(next.point))
    recorded.add(next.point.id)
  } else if (act === 'discard') {
    const next = side.open.shift()
    if (next) await repository.discard(next.partial)
  } else if (act === 'sweep') {
    const swept = await repository.sweepPartials(new Set(side.open.map(({ point }) => point.jobId)))
    expect(swept.removed).toBe(0)
  } else if (act === 'delete') {
    const mine = repository.points(null).find(({ machineName }) => machineName === side.test.homeId)
    if (!mine) return
    await repository.deletePoint(mine.id)
    recorded.delete(mine.id)
  } else await repository.refresh()
}

function hiddenIn(path: string): string[] {
  const root = join(path, 'machines')
  if (!existsSync(root)) return []
  return readdirSync(root).flatMap((machine) => readdirSync(join(root, machine)).filter((name) => name.startsWith('.')))
}

it('points taken after the clock was set back stay the newest and overwrite nothing', async () => {
  using place = tempDir()
  await using test = await testRepository()
  const { repository, ports } = test
  const destination = await repository.addDestination(place.path, null)
  const machineId = newMachineId()
  const times = [
    '2026-05-01T10:00:00.000Z',
    '2026-05-01T12:00:00.000Z',
    '2026-05-01T09:00:00.000Z',
    '2026-05-01T10:00:00.000Z',
    '2026-05-01T13:00:00.000Z',
  ]
  const taken: string[] = []
  for (const createdAt of times) {
    ports.clock.set(createdAt)
    const point = newPoint({ machineId })
    const partial = await repository.beginPoint(await repository.open(destination.id, need), point)
    writeImage(partial.imagePath(diskId('vda')), 4 << 20)
    taken.push((await repository.record(partial, factsOf(point, { createdAt }))).id)
  }
  const listed = repository.points(machineId)
  expect(listed.map(({ id }) => id)).toEqual([...taken].reverse())
  expect(listed.map(({ createdAt }) => createdAt)).toEqual([...times].reverse())
  expect(new Set(listed.map(({ path }) => path)).size).toBe(times.length)
})

it('what another Floe adds appears by itself within a few seconds', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  try {
    using place = tempDir()
    await using one = await testRepository()
    await using two = await testRepository()
    const destination = await one.repository.addDestination(place.path, null)
    await two.repository.addDestination(place.path, null)
    const point = await addPoint(one.repository, destination)
    expect(two.repository.points(null)).toEqual([])
    vi.advanceTimersByTime(5000)
    await until(() => two.repository.points(null).length === 1, 'the other Floe to see the point')
    await one.repository.computeIndex(point.id, noProgress, never)
    vi.advanceTimersByTime(60_000)
    await until(() => two.repository.points(null)[0]?.index.kind === 'complete', 'the other Floe to see the index')
  } finally {
    vi.useRealTimers()
  }
})
