import { expect, test } from 'vitest'
import { cardOf, firstPhases } from '../../../../electron/core/backup/card.ts'
import type { BackupState } from '../../../../electron/core/backup/state.ts'

const at = '2026-01-02T03:04:05.000Z'
const options = { diskCount: 1, check: true }
const words = (state: BackupState, given = options) =>
  cardOf(state, given, false, []).phases.map((phase) => `${phase.name} ${phase.state}`)

test('phases go by in order, and what is skipped says so', () => {
  const copying: BackupState = { state: 'copying', at, rescueGuest: true, finished: [] }
  expect(firstPhases(options).map((phase) => phase.state)).toEqual(['current', 'todo', 'todo', 'todo', 'todo'])
  expect(words(copying)).toEqual([
    'prepared done',
    'frozen skipped',
    'copying current',
    'checking todo',
    'recorded todo',
  ])
  expect(cardOf(copying, options, false, []).phases[1]?.label).toBe('Not frozen')
  expect(words({ state: 'checking' })).toEqual([
    'prepared done',
    'frozen skipped',
    'copying done',
    'checking current',
    'recorded done',
  ])
  expect(words({ state: 'recording', at }, { diskCount: 1, check: false })[3]).toBe('checking skipped')
})

test('a backup can be paused while it copies and cancelled until it is recorded', () => {
  const copied: BackupState = { state: 'releasing', rescueGuest: true, outcome: { kind: 'copied', at } }
  const buttons = (state: BackupState) => {
    const { canPause, canCancel } = cardOf(state, options, false, [])
    return [canPause, canCancel]
  }
  expect(buttons({ state: 'preparing', cancelled: false })).toEqual([false, true])
  expect(buttons({ state: 'copying', at, rescueGuest: true, finished: [] })).toEqual([true, true])
  expect(buttons(copied)).toEqual([false, true])
  expect(buttons({ state: 'recording', at })).toEqual([false, false])
  expect(buttons({ state: 'checking' })).toEqual([false, false])
})

test('a bad end keeps the phases it had reached', () => {
  const copying = cardOf({ state: 'copying', at, rescueGuest: true, finished: [] }, options, false, [])
  const ended: BackupState = { state: 'ended', ending: { kind: 'cancelled' } }
  expect(cardOf(ended, options, false, copying.phases)).toMatchObject({
    state: { kind: 'cancelled' },
    phases: copying.phases,
  })
})
