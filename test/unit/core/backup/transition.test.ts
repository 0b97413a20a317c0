import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { BackupEffect } from '../../../../electron/core/backup/effects.ts'
import type { BackupEvent, Remains } from '../../../../electron/core/backup/events.ts'
import { type BackupState, initialState } from '../../../../electron/core/backup/state.ts'
import { transition } from '../../../../electron/core/backup/transition.ts'
import { FloeError, toProblem } from '../../../../electron/core/errors.ts'

const at = '2026-01-02T03:04:05.000Z'
const unseen = {
  consistency: 'crash-consistent',
  freeze: null,
  reason: 'Why.',
  cause: 'no-agent',
  pausedMs: null,
} as const
const instant = { ...unseen, at }
const plainly = { diskCount: 1, check: false, compares: false, proves: false, unseen }
const problem = toProblem(new FloeError('backup/write-error', 'Writing failed.'))
const share = fc.constantFrom('all', 'some', 'none') satisfies fc.Arbitrary<Remains['jobs']>
const remains = fc.record({ jobs: share, targets: share, partial: fc.boolean(), recorded: fc.boolean() })
const plain = fc.constantFrom<BackupEvent['event']>(
  ...([
    'begin',
    'cancel-requested',
    'stopped',
    'released',
    'recorded',
    'discarded',
    'checked',
    'check-skipped',
    'compared',
    'instant-read',
  ] as const),
)
const withProblem = fc.constantFrom<BackupEvent['event']>(
  ...(['preparation-failed', 'start-failed', 'trouble', 'machine-gone', 'release-failed', 'record-failed'] as const),
  ...(['discard-failed', 'check-failed', 'compare-failed', 'instant-unread'] as const),
)
const anyEvent: fc.Arbitrary<BackupEvent> = fc.oneof(
  plain.map((event) => ({ event }) as BackupEvent),
  withProblem.map((event) => ({ event, problem }) as BackupEvent),
  fc.record({ event: fc.constant('prepared' as const), at: fc.constant(at), rescueGuest: fc.boolean() }),
  fc.record({ event: fc.constant('started' as const), instant: fc.constant(instant) }),
  fc.record({
    event: fc.constant('concluded' as const),
    disk: fc.nat({ max: 2 }),
    problem: fc.constantFrom(null, null, null, problem),
  }),
  fc.record({ event: fc.constant('resumed' as const), remains, problem: fc.constant(problem) }),
)
const options = fc.record({
  diskCount: fc.integer({ min: 1, max: 3 }),
  check: fc.boolean(),
  compares: fc.boolean(),
  proves: fc.boolean(),
  unseen: fc.constantFrom(unseen, null),
})

/** What each effect may answer. */
function outcomesOf(effect: BackupEffect, diskCount: number): readonly BackupEvent[] {
  const gone: BackupEvent = { event: 'machine-gone', problem }
  switch (effect.effect) {
    case 'prepare':
      return [{ event: 'prepared', at, rescueGuest: true }, { event: 'preparation-failed', problem }, gone]
    case 'start':
      return [{ event: 'started', instant }, { event: 'start-failed', problem }, gone]
    case 'compare':
      return [{ event: 'compared' }, { event: 'compare-failed', problem }, { event: 'trouble', problem }, gone]
    case 'read-instant':
      return [{ event: 'instant-read' }, { event: 'instant-unread', problem }, { event: 'trouble', problem }, gone]
    case 'watch': {
      const good = Array.from(
        { length: diskCount },
        (_, disk): BackupEvent => ({ event: 'concluded', disk, problem: null }),
      )
      return [...good, { event: 'concluded', disk: 0, problem }, { event: 'trouble', problem }, gone]
    }
    case 'stop-jobs':
      return [{ event: 'stopped' }, gone]
    case 'release':
      return [{ event: 'released' }, { event: 'release-failed', problem }, gone]
    case 'record':
      return [{ event: 'recorded' }, { event: 'record-failed', problem }]
    case 'discard':
      return [{ event: 'discarded' }, { event: 'discard-failed', problem }]
    case 'check':
      return [{ event: 'checked' }, { event: 'check-skipped' }, { event: 'check-failed', problem }]
    case 'finish':
      return []
  }
}

test('whatever happens in whatever order, one verdict is told, and a recorded point is never discarded', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 60 }), options, (events, given) => {
      let state: BackupState = initialState
      let verdicts = 0
      let recorded = false
      for (const event of [{ event: 'begin' } as const, ...events]) {
        const next = transition(state, event, given)
        if (next.ignored) expect(next.effects).toEqual([])
        if (event.event === 'recorded' && state.state === 'recording') recorded = true
        verdicts += next.effects.filter(({ effect }) => effect === 'finish').length
        if (recorded) expect(next.effects.map(({ effect }) => effect)).not.toContain('discard')
        expect(next.state.state === 'ended').toBe(verdicts === 1)
        state = next.state
      }
    }),
    { numRuns: 2000 },
  )
})

test('when every effect has some outcome, a backup ends: recorded and good, or with QEMU released and the rest discarded', () => {
  const choices = fc.infiniteStream(fc.nat({ max: 1000 }))
  fc.assert(
    fc.property(choices, options, fc.nat({ max: 12 }), (stream, given, cancelAt) => {
      let state: BackupState = initialState
      let waiting: BackupEvent[] = [{ event: 'begin' }]
      let source: BackupEffect | null = null
      const done: string[] = []
      for (let step = 0; state.state !== 'ended'; step += 1) {
        if (step > 60) throw new Error(`No end in ${state.state}`)
        if (step === cancelAt) waiting = [{ event: 'cancel-requested' }, ...waiting]
        const event = waiting.shift()
        if (event === undefined) {
          // The last effect answers (again: a watch answers once for every disk).
          const answers: readonly BackupEvent[] = outcomesOf(source as BackupEffect, given.diskCount)
          waiting.push(answers[(stream.next().value as number) % answers.length] as BackupEvent)
          continue
        }
        done.push(event.event)
        const next = transition(state, event, given)
        state = next.state
        for (const effect of next.effects) {
          source = effect
          done.push(effect.effect)
        }
      }
      if (state.state !== 'ended') return
      const { kind } = state.ending
      const gotPoint = done.includes('recorded')
      expect(kind === 'good' || kind === 'recorded-but-failed').toBe(gotPoint)
      expect(done.includes('discard')).toBe(!gotPoint)
      if (done.includes('start') && !done.includes('machine-gone')) expect(done).toContain('release')
    }),
    { numRuns: 1500 },
  )
})

test('a copy whose required freeze nobody saw hold is ended, and one that was cancelled stays cancelled', () => {
  const resumed: BackupEvent = {
    event: 'resumed',
    remains: { jobs: 'all', targets: 'all', partial: true, recorded: false },
    problem,
  }
  const after = (cancelled: boolean, seen: typeof unseen | null) =>
    transition({ state: 'starting', at, rescueGuest: true, cancelled }, resumed, {
      ...plainly,
      unseen: seen,
    }).state
  expect(after(false, null)).toMatchObject({ state: 'stopping', ending: { kind: 'failed' } })
  expect(after(false, unseen)).toMatchObject({ state: 'copying', instant })
  expect(after(true, unseen)).toMatchObject({ state: 'stopping', ending: { kind: 'cancelled' } })
})

test('jobs that began although the journal could not tell are stopped before anything is released', () => {
  const after = (jobs: Remains['jobs'], cancelled: boolean) => {
    const remains: Remains = { jobs, targets: 'all', partial: true, recorded: false }
    return transition({ state: 'preparing', cancelled }, { event: 'resumed', remains, problem }, plainly)
  }
  for (const jobs of ['all', 'some'] as const) {
    expect(after(jobs, false)).toMatchObject({
      state: { state: 'stopping', ending: { kind: 'failed' } },
      effects: [{ effect: 'stop-jobs' }],
    })
    expect(after(jobs, true).state).toMatchObject({ state: 'stopping', ending: { kind: 'cancelled' } })
  }
  expect(after('none', true).state).toMatchObject({ state: 'releasing', outcome: { kind: 'cancelled' } })
  expect(after('none', false).state).toMatchObject({ state: 'releasing', outcome: { kind: 'failed' } })
})

test('what became of the unfinished copy is told with the end, also after a restart of Floe', () => {
  const failed: BackupState = { state: 'discarding', ending: { kind: 'failed', problem } }
  const end = (state: BackupState, event: BackupEvent) => transition(state, event, plainly).state
  const told = (partialRemoved: boolean) => ({
    state: 'ended',
    ending: { kind: 'failed', problem: { ...problem, params: { ...problem.params, partialRemoved } } },
  })
  const notRemoved: BackupEvent = { event: 'discard-failed', problem }
  expect(end(failed, { event: 'discarded' })).toEqual(told(true))
  expect(end(failed, notRemoved)).toEqual(told(false))
  const resumed: BackupEvent = {
    event: 'resumed',
    remains: { jobs: 'none', targets: 'none', partial: true, recorded: false },
    problem: { ...problem, code: 'backup/interrupted' },
  }
  expect(end(end(failed, resumed), notRemoved)).toEqual(told(false))
  const cancelled: BackupState = { state: 'discarding', ending: { kind: 'cancelled' } }
  expect(end(cancelled, notRemoved)).toMatchObject({ ending: { kind: 'cancelled', partialRemoved: false } })
})

test('a recorded point that is known to be damaged never counts as good, whether it is read back or not', () => {
  const recording: BackupState = { state: 'recording', instant }
  const recorded: BackupEvent = { event: 'recorded', damaged: problem }
  expect(transition(recording, recorded, plainly).state).toEqual({
    state: 'ended',
    ending: { kind: 'recorded-but-failed', problem },
  })
  expect(transition(recording, recorded, { ...plainly, check: true }).effects).toEqual([{ effect: 'check' }])
})

test('a point that Floe recorded before it was killed is judged before it counts as good', () => {
  const recording: BackupState = { state: 'recording', instant }
  const remains: Remains = { jobs: 'none', targets: 'none', partial: false, recorded: true }
  for (const check of [true, false]) {
    const next = transition(recording, { event: 'resumed', remains, problem }, { ...plainly, check })
    expect(next).toMatchObject({ state: recording, effects: [{ effect: 'record' }] })
  }
})

test('a good verdict of every disk is needed before anything is recorded', () => {
  const given = { ...plainly, diskCount: 2 }
  const copying: BackupState = { state: 'copying', instant, rescueGuest: true, finished: [] }
  const one = transition(copying, { event: 'concluded', disk: 0, problem: null }, given)
  expect(one.effects).toEqual([])
  expect(transition(one.state, { event: 'concluded', disk: 0, problem: null }, given).ignored).toBe(true)
  const failed = transition(one.state, { event: 'concluded', disk: 1, problem }, given)
  expect(failed.effects).toEqual([{ effect: 'stop-jobs' }])
  const both = transition(one.state, { event: 'concluded', disk: 1, problem: null }, given)
  expect(both.effects).toEqual([{ effect: 'release', rescueGuest: true, copied: true }])
})

test('after a crash between removal and journal, a copy nobody can vouch for is discarded', () => {
  const given = plainly
  const releasing: BackupState = { state: 'releasing', rescueGuest: true, outcome: { kind: 'copied', instant } }
  const resumed = (targets: Remains['targets']) =>
    transition(
      releasing,
      { event: 'resumed', remains: { jobs: 'none', targets, partial: true, recorded: false }, problem },
      given,
    )
  // What keeps the instant may still be in the guest's way.
  expect(resumed('none')).toMatchObject({ effects: [{ effect: 'release', copied: false }] })
  expect(transition(resumed('none').state, { event: 'released' }, given).effects).toMatchObject([{ effect: 'discard' }])
  expect(resumed('some')).toMatchObject({ effects: [{ effect: 'release', copied: true }] })
})

test('what is compared first is copied only once it is known, and a comparison that Floe left is not gone on with', () => {
  const given = { ...plainly, compares: true }
  const starting: BackupState = { state: 'starting', at, rescueGuest: true, cancelled: false }
  const comparing = transition(starting, { event: 'started', instant }, given)
  expect(comparing).toMatchObject({ state: { state: 'comparing' }, effects: [{ effect: 'compare' }] })
  expect(transition(comparing.state, { event: 'compared' }, given)).toMatchObject({
    state: { state: 'copying' },
    effects: [{ effect: 'watch' }],
  })
  const resumed = (jobs: Remains['jobs']): BackupEvent => ({
    event: 'resumed',
    remains: { jobs, targets: 'all', partial: true, recorded: false },
    problem,
  })
  expect(transition(comparing.state, resumed('none'), given).state).toMatchObject({ state: 'stopping' })
  expect(transition(comparing.state, resumed('some'), given).state).toMatchObject({ state: 'stopping' })
  expect(transition(comparing.state, resumed('all'), given).state).toMatchObject({ state: 'copying' })
})

test('for a proof the instant is read before it is let go, and a proof that cannot be made costs no copy', () => {
  const given = { ...plainly, proves: true }
  const copying: BackupState = { state: 'copying', instant, rescueGuest: true, finished: [] }
  const proving = transition(copying, { event: 'concluded', disk: 0, problem: null }, given)
  expect(proving).toMatchObject({ state: { state: 'proving' }, effects: [{ effect: 'read-instant' }] })
  const ends = [{ event: 'instant-read' }, { event: 'instant-unread', problem }, { event: 'trouble', problem }] as const
  for (const event of ends) {
    expect(transition(proving.state, event, given).effects).toEqual([
      { effect: 'release', rescueGuest: true, copied: true },
    ])
  }
  expect(transition(proving.state, { event: 'cancel-requested' }, given).state).toMatchObject({ state: 'stopping' })
})
