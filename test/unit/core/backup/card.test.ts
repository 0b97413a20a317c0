import { expect, test } from 'vitest'
import { cardOf, firstPhases } from '../../../../electron/core/backup/card.ts'
import type { BackupState } from '../../../../electron/core/backup/state.ts'

const at = '2026-01-02T03:04:05.000Z'
const unseen = {
  consistency: 'crash-consistent',
  freeze: null,
  reason: 'Why.',
  cause: 'no-agent',
  pausedMs: null,
} as const
const instant = { ...unseen, at }
const options = { diskCount: 1, check: true, compares: false, proves: false, unseen }
const still = { pause: null, freezing: false }
const words = (state: BackupState, given = options) =>
  cardOf(state, given, still, []).phases.map((phase) => `${phase.name} ${phase.state}`)

test('phases go by in order, and what is skipped says so', () => {
  const copying: BackupState = { state: 'copying', instant, rescueGuest: true, finished: [] }
  expect(firstPhases(options).map((phase) => phase.state)).toEqual(['current', 'todo', 'todo', 'todo', 'todo'])
  expect(words(copying)).toEqual([
    'prepared done',
    'frozen skipped',
    'copying current',
    'checking todo',
    'recorded todo',
  ])
  expect(cardOf(copying, options, still, []).phases[1]?.label).toBe('Not frozen')
  expect(words({ state: 'checking', instant })).toEqual([
    'prepared done',
    'frozen skipped',
    'copying done',
    'checking current',
    'recorded done',
  ])
  expect(words({ state: 'recording', instant }, { ...options, check: false })[3]).toBe('checking skipped')
})

test('a backup can be paused while it copies and cancelled until it is recorded', () => {
  const copied: BackupState = { state: 'releasing', rescueGuest: true, outcome: { kind: 'copied', instant } }
  const buttons = (state: BackupState) => {
    const { canPause, canCancel } = cardOf(state, options, still, [])
    return [canPause, canCancel]
  }
  expect(buttons({ state: 'preparing', cancelled: false })).toEqual([false, true])
  expect(buttons({ state: 'copying', instant, rescueGuest: true, finished: [] })).toEqual([true, true])
  expect(buttons(copied)).toEqual([false, true])
  expect(buttons({ state: 'recording', instant })).toEqual([false, false])
  expect(buttons({ state: 'checking', instant })).toEqual([false, false])
})

test('a bad end keeps the phases it had reached', () => {
  const copying = cardOf({ state: 'copying', instant, rescueGuest: true, finished: [] }, options, still, [])
  const ended: BackupState = { state: 'ended', ending: { kind: 'cancelled' } }
  expect(cardOf(ended, options, still, copying.phases)).toMatchObject({
    state: { kind: 'cancelled' },
    phases: copying.phases,
  })
})

test('a frozen instant says for how long, and a guest that is being asked to freeze cannot be left alone', () => {
  const freeze = { heldMs: 84.2, confirmedAfterMs: 120, fileSystems: [{ mountpoint: '/', type: 'ext4' }] }
  const frozen = { ...instant, consistency: 'frozen' as const, freeze, reason: null, cause: null }
  const copying: BackupState = { state: 'copying', instant: frozen, rescueGuest: true, finished: [] }
  expect(cardOf(copying, options, still, []).phases[1]).toMatchObject({ state: 'done', label: 'Frozen 84\u00a0ms' })
  const starting: BackupState = { state: 'starting', at, rescueGuest: true, cancelled: false }
  expect(cardOf(starting, options, { ...still, freezing: true }, [])).toMatchObject({
    state: { kind: 'freezing' },
    canCancel: false,
  })
  const phases = cardOf(copying, options, still, []).phases
  const ended: BackupState = { state: 'ended', ending: { kind: 'good', checked: true } }
  expect(cardOf(ended, options, still, phases).phases[1]?.label).toBe('Frozen 84\u00a0ms')
})
