import fc from 'fast-check'
import { expect, test } from 'vitest'
import { QmpStateError } from '../../../../electron/core/qmp/errors.ts'
import { assertRunning, nextState, type QmpState, type QmpStep } from '../../../../electron/core/qmp/lifecycle.ts'

const steps: readonly QmpStep[] = ['connect', 'negotiated', 'break', 'close', 'ended']

test('a failed attempt to connect is back at idle', () => {
  expect(nextState(nextState('idle', 'connect'), 'break')).toBe('idle')
})

test('commands are refused with the state by name unless the connection is running', () => {
  for (const state of ['idle', 'connecting', 'disconnecting'] as const) {
    expect(() => assertRunning(state, 'query-block')).toThrow(new RegExp(state))
  }
  expect(() => assertRunning('running', 'query-block')).not.toThrow()
})

test('whatever happens, a connection runs only after negotiation and an illegal step is a typed error', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...steps)), (sequence) => {
      let state: QmpState = 'idle'
      for (const step of sequence) {
        const before: QmpState = state
        try {
          state = nextState(state, step)
        } catch (error) {
          expect(error).toBeInstanceOf(QmpStateError)
        }
        if (state === 'running' && before !== 'running') expect([before, step]).toEqual(['connecting', 'negotiated'])
      }
      if (state !== 'idle') expect(nextState(state, 'ended')).toBe('idle')
    }),
  )
})
