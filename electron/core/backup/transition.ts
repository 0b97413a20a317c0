// The heart of a backup: what each event means in each state. Pure and total. Whatever happens, the point is either
// recorded or its remains are discarded, QEMU is left without anything of ours, and one verdict is told.
import type { Problem } from '../../../shared/errors/problem.ts'
import type { BackupEffect } from './effects.ts'
import type { BackupEvent } from './events.ts'
import type { BackupInstant, BackupOptions, BackupState, BadEnding, Ending } from './state.ts'

export interface Transition {
  readonly state: BackupState
  readonly effects: readonly BackupEffect[]
  /** True when the event means nothing in this state, e.g. a second cancel. */
  readonly ignored: boolean
}

type In<S extends BackupState['state']> = Extract<BackupState, { state: S }>

const go = (state: BackupState, ...effects: BackupEffect[]): Transition => ({ state, effects, ignored: false })
const stay = (state: BackupState): Transition => ({ state, effects: [], ignored: true })
const failed = (problem: Problem): BadEnding => ({ kind: 'failed', problem })
const cancelled: BadEnding = { kind: 'cancelled' }
/** Whether the unfinished copy is gone is known only once that was tried. */
const after = (ending: BadEnding, partialRemoved: boolean): BadEnding =>
  ending.kind === 'failed'
    ? failed({ ...ending.problem, params: { ...ending.problem.params, partialRemoved } })
    : { ...ending, partialRemoved }

const stop = (rescueGuest: boolean, ending: BadEnding) =>
  go({ state: 'stopping', rescueGuest, ending }, { effect: 'stop-jobs' })
const copy = (instant: BackupInstant, rescueGuest: boolean) =>
  go({ state: 'copying', instant, rescueGuest, finished: [] }, { effect: 'watch', rescueGuest })
const release = (rescueGuest: boolean, outcome: In<'releasing'>['outcome']) =>
  go(
    { state: 'releasing', rescueGuest, outcome },
    { effect: 'release', rescueGuest, copied: outcome.kind === 'copied' },
  )
const discard = (ending: BadEnding) => go({ state: 'discarding', ending }, { effect: 'discard' })
const record = (instant: BackupInstant) => go({ state: 'recording', instant }, { effect: 'record', instant })
const end = (ending: Ending) => go({ state: 'ended', ending }, { effect: 'finish', ending })
const afterRecording = (check: boolean, instant: BackupInstant) =>
  check ? go({ state: 'checking', instant }, { effect: 'check' }) : end({ kind: 'good', checked: false })

export function transition(state: BackupState, event: BackupEvent, options: BackupOptions): Transition {
  switch (state.state) {
    case 'idle':
      if (event.event === 'begin') return go({ state: 'preparing', cancelled: false }, { effect: 'prepare' })
      return event.event === 'resumed' ? discard(failed(event.problem)) : stay(state)
    case 'preparing':
      return whilePreparing(state, event)
    case 'starting':
      return whileStarting(state, event, options)
    case 'comparing':
      return whileComparing(state, event)
    case 'copying':
      return whileCopying(state, event, options)
    case 'proving':
      return whileProving(state, event)
    case 'stopping':
      return whileStopping(state, event)
    case 'releasing':
      return whileReleasing(state, event)
    case 'recording':
      return whileRecording(state, event, options)
    case 'discarding':
      if (event.event === 'discarded') return end(after(state.ending, true))
      if (event.event === 'discard-failed') return end(after(state.ending, false))
      return event.event === 'resumed' ? discard(state.ending) : stay(state)
    case 'checking':
      return whileChecking(state, event)
    case 'ended':
      return stay(state)
  }
}

function whilePreparing(state: In<'preparing'>, event: BackupEvent): Transition {
  switch (event.event) {
    case 'prepared':
      if (state.cancelled) return release(event.rescueGuest, cancelled)
      return go(
        { state: 'starting', at: event.at, rescueGuest: event.rescueGuest, cancelled: false },
        { effect: 'start' },
      )
    case 'preparation-failed':
      return release(false, state.cancelled ? cancelled : failed(event.problem))
    case 'cancel-requested':
      return state.cancelled ? stay(state) : go({ ...state, cancelled: true })
    case 'machine-gone':
      return discard(failed(event.problem))
    case 'resumed': {
      const ending = state.cancelled ? cancelled : failed(event.problem)
      // On a full disk the journal may have missed that the jobs began, and what they write to can't be released.
      return event.remains.jobs === 'none' ? release(false, ending) : stop(false, ending)
    }
    default:
      return stay(state)
  }
}

function whileStarting(state: In<'starting'>, event: BackupEvent, options: BackupOptions): Transition {
  const { at, rescueGuest } = state
  switch (event.event) {
    case 'started':
      if (state.cancelled) return stop(rescueGuest, cancelled)
      return options.compares
        ? go({ state: 'comparing', instant: event.instant, rescueGuest }, { effect: 'compare' })
        : copy(event.instant, rescueGuest)
    case 'start-failed':
      return stop(rescueGuest, state.cancelled ? cancelled : failed(event.problem))
    case 'cancel-requested':
      return state.cancelled ? stay(state) : go({ ...state, cancelled: true })
    case 'machine-gone':
      return discard(failed(event.problem))
    case 'resumed':
      if (state.cancelled) return stop(rescueGuest, cancelled)
      if (event.remains.jobs !== 'all' || options.unseen === null) return stop(rescueGuest, failed(event.problem))
      return copy({ ...options.unseen, at }, rescueGuest)
    default:
      return stay(state)
  }
}

function whileComparing(state: In<'comparing'>, event: BackupEvent): Transition {
  const { instant, rescueGuest } = state
  switch (event.event) {
    case 'compared':
      return copy(instant, rescueGuest)
    case 'compare-failed':
    case 'trouble':
      return stop(rescueGuest, failed(event.problem))
    case 'cancel-requested':
      return stop(rescueGuest, cancelled)
    case 'machine-gone':
      return discard(failed(event.problem))
    case 'resumed':
      // The marks are lost with the one who made them, unless the jobs had begun already.
      return event.remains.jobs === 'all' ? copy(instant, rescueGuest) : stop(rescueGuest, failed(event.problem))
    default:
      return stay(state)
  }
}

function whileCopying(state: In<'copying'>, event: BackupEvent, options: BackupOptions): Transition {
  const { instant, rescueGuest } = state
  switch (event.event) {
    case 'concluded': {
      if (event.problem !== null) return stop(rescueGuest, failed(event.problem))
      if (state.finished.includes(event.disk)) return stay(state)
      const finished = [...state.finished, event.disk]
      if (finished.length < options.diskCount) return go({ ...state, finished })
      return options.proves
        ? go({ state: 'proving', instant, rescueGuest }, { effect: 'read-instant' })
        : release(rescueGuest, { kind: 'copied', instant })
    }
    case 'trouble':
      return stop(rescueGuest, failed(event.problem))
    case 'cancel-requested':
      return stop(rescueGuest, cancelled)
    case 'machine-gone':
      return discard(failed(event.problem))
    case 'resumed':
      if (event.remains.jobs !== 'all') return stop(rescueGuest, failed(event.problem))
      return go({ ...state, finished: [] }, { effect: 'watch', rescueGuest })
    default:
      return stay(state)
  }
}

function whileProving(state: In<'proving'>, event: BackupEvent): Transition {
  const { instant, rescueGuest } = state
  switch (event.event) {
    case 'instant-read':
    case 'instant-unread':
    // The copy is whole: what troubles the instant now costs the proof. Images that are off are looked at again at the end.
    case 'trouble':
    case 'resumed':
      return release(rescueGuest, { kind: 'copied', instant })
    case 'cancel-requested':
      return stop(rescueGuest, cancelled)
    case 'machine-gone':
      return discard(failed(event.problem))
    default:
      return stay(state)
  }
}

function whileStopping(state: In<'stopping'>, event: BackupEvent): Transition {
  switch (event.event) {
    case 'stopped':
      return release(state.rescueGuest, state.ending)
    case 'machine-gone':
      return discard(state.ending.kind === 'cancelled' ? cancelled : failed(event.problem))
    case 'resumed':
      return stop(state.rescueGuest, state.ending)
    default:
      return stay(state)
  }
}

function whileReleasing(state: In<'releasing'>, event: BackupEvent): Transition {
  const { outcome, rescueGuest } = state
  switch (event.event) {
    case 'released':
      return outcome.kind === 'copied' ? record(outcome.instant) : discard(outcome)
    case 'release-failed':
      return discard(outcome.kind === 'copied' ? failed(event.problem) : outcome)
    case 'machine-gone':
      return discard(outcome.kind === 'copied' ? failed(event.problem) : outcome)
    case 'cancel-requested':
      return outcome.kind === 'copied' ? go({ ...state, outcome: cancelled }) : stay(state)
    case 'resumed':
      // With no target left, nobody can tell our own removal (flushed) from the death of QEMU (not flushed).
      if (outcome.kind === 'copied' && event.remains.targets === 'none') {
        return release(rescueGuest, failed(event.problem))
      }
      return release(rescueGuest, outcome)
    default:
      return stay(state)
  }
}

function whileRecording(state: In<'recording'>, event: BackupEvent, options: BackupOptions): Transition {
  switch (event.event) {
    case 'recorded':
      // Reading it back tells more of the damage; without that, it is all that is known.
      if (event.damaged && !options.check) return end({ kind: 'recorded-but-failed', problem: event.damaged })
      return afterRecording(options.check, state.instant)
    case 'record-failed':
      return discard(failed(event.problem))
    case 'resumed':
      if (!event.remains.recorded && !event.remains.partial) return discard(failed(event.problem))
      // Recorded or not: whether it is damaged from the start may not have been asked.
      return record(state.instant)
    default:
      return stay(state)
  }
}

function whileChecking(state: In<'checking'>, event: BackupEvent): Transition {
  switch (event.event) {
    case 'checked':
      return end({ kind: 'good', checked: true })
    case 'check-skipped':
      return end({ kind: 'good', checked: false })
    case 'check-failed':
      return end({ kind: 'recorded-but-failed', problem: event.problem })
    case 'resumed':
      return event.remains.recorded
        ? go(state, { effect: 'check' })
        : end({ kind: 'recorded-but-failed', problem: event.problem })
    default:
      return stay(state)
  }
}
