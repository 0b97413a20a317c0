// Random schedules: something goes wrong with a backup, at some moment and whatever the guest does meanwhile, and then a
// good one is made. Every trouble gets its turns; all else is random. FLOE_SCHEDULES says how many, FLOE_SEED repeats a run.
import fc from 'fast-check'
import { pick, seeded } from './random.ts'
import { cluster, diskSize, type Write } from './schedules-disk.ts'
import type { Round, ScheduleRig } from './schedules-rig.ts'
import { missing, type Trouble, troubles } from './schedules-troubles.ts'

const step = 4 << 10
/** What certainly changes before something goes wrong, so that it takes a while to copy. */
const changed = 1 << 20

const stretch = (unit: number, atMost: number) =>
  fc
    .record({ at: fc.nat(diskSize / unit - 1), units: fc.integer({ min: 1, max: atMost }) })
    .map(({ at, units }) => ({ offset: at * unit, length: Math.min(units * unit, diskSize - at * unit) }))

const data: fc.Arbitrary<Write> = fc
  .record({ place: stretch(step, 40), pattern: fc.integer({ min: 1, max: 255 }) })
  .map(({ place, pattern }) => ({ kind: 'data', ...place, pattern }))
const zeroes: fc.Arbitrary<Write> = fc
  .record({ place: stretch(step, 40), kind: fc.constantFrom('zero' as const, 'unmap' as const) })
  .map(({ place, kind }) => ({ kind, ...place }))
const discard: fc.Arbitrary<Write> = stretch(cluster, 6).map((place) => ({ kind: 'discard', ...place }))

const write: fc.Arbitrary<Write> = fc.oneof(
  { weight: 4, arbitrary: data },
  { weight: 1, arbitrary: zeroes },
  { weight: 1, arbitrary: discard },
)

const before = fc.oneof(
  { weight: 4, arbitrary: fc.constant('nothing' as const) },
  fc.constantFrom('quit' as const, 'kill' as const),
)

const round: fc.Arbitrary<Round> = fc.record({
  before,
  writes: fc.array(write, { maxLength: 4 }),
  change: fc.constant(null),
  wished: fc.oneof({ weight: 12, arbitrary: fc.constant('automatic' as const) }, fc.constant('full' as const)),
  trouble: fc.record({
    fate: fc.constant('good' as const),
    moment: fc.constantFrom('preparing' as const, 'copying', 'copying', 'recording', 'tidying'),
  }),
  which: fc.nat(11),
  during: fc.array(write, { minLength: 1, maxLength: 3 }),
  room: fc.nat(changed / 4 / step).map((steps) => steps * step),
})

const schedule = fc.record({ bad: round, changedAt: fc.nat((diskSize - changed) / cluster), good: round })

/** What must be so for a backup to come to the moment of its trouble, and to take long enough there. */
function meeting(trouble: Trouble, one: Round, changedAt: number): Round {
  const { moment } = trouble
  const round: Round = { ...one, trouble, change: { offset: changedAt * cluster, length: changed } }
  if (moment === 'comparing') return { ...round, before: 'kill', wished: 'automatic' }
  if (moment !== 'copying' && moment !== 'tidying') return round
  return { ...round, before: one.before === 'kill' ? 'quit' : one.before, wished: 'automatic' }
}

const first: Round = {
  before: 'nothing',
  writes: [{ kind: 'data', offset: 0, length: 4 << 20, pattern: 7 }],
  change: null,
  wished: 'automatic',
  trouble: { fate: 'good', moment: 'copying' },
  which: 0,
  during: [],
  room: 0,
}

/** Thousands by hand. */
export const schedules = Number(process.env.FLOE_SCHEDULES ?? 100)

/** The oldest, the newest but one, any: whatever goes, the rest stays what it was. */
const picks = [0, 0.3, 0.6, 0.9]

/**
 * With points deleted now and then.
 * @throws when a point shows anything but its instant, or when too little of what should go wrong did
 */
export async function survive(rig: ScheduleRig): Promise<void> {
  const seed = Number(process.env.FLOE_SEED ?? Date.now() % 2 ** 31)
  const random = seeded(seed)
  const turns = Array.from({ length: Math.ceil(schedules / troubles.length) }, () =>
    pick(troubles, troubles.length, random),
  )
    .flat()
    .slice(0, schedules)
  await rig.run(first)
  let run = 0
  await fc.assert(
    fc.asyncProperty(schedule, async ({ bad, changedAt, good }) => {
      await rig.run(meeting(turns[run] as Trouble, bad, changedAt))
      await rig.run(good)
      run += 1
      if (run % 10 > 0) return
      await rig.verifyAll()
      await rig.thin(4, (points) => points[Math.floor((picks[run % picks.length] as number) * points.length)] as never)
      if ((await rig.verifyAll()) !== 4) throw new Error('Another number of points is left than was wished.')
    }),
    { seed, numRuns: schedules, endOnFailure: true },
  )
  const rare = missing(turns, rig.ends)
  if (rare.length > 0) throw new Error(`What should have gone wrong did not (seed ${seed}): ${rare.join('; ')}`)
}
