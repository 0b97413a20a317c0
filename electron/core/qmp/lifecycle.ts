// The life of a QMP connection as a pure state machine. A failed attempt always ends in `idle`; anything a state does
// not allow is a QmpStateError that names the state.
import { QmpStateError } from './errors.ts'

export type QmpState = 'idle' | 'connecting' | 'running' | 'disconnecting'
export type QmpStep = 'connect' | 'negotiated' | 'break' | 'close' | 'ended'

const allowed: Readonly<Record<QmpState, Partial<Readonly<Record<QmpStep, QmpState>>>>> = {
  idle: { connect: 'connecting' },
  connecting: { negotiated: 'running', break: 'idle', close: 'disconnecting', ended: 'idle' },
  running: { break: 'disconnecting', close: 'disconnecting', ended: 'idle' },
  disconnecting: { break: 'disconnecting', close: 'disconnecting', ended: 'idle' },
}

/** @throws QmpStateError when `state` does not allow `step` */
export function nextState(state: QmpState, step: QmpStep): QmpState {
  const next = allowed[state][step]
  if (next === undefined) throw new QmpStateError(step, state)
  return next
}

/** Commands are only sent on a negotiated connection. @throws QmpStateError */
export function assertRunning(state: QmpState, command: string): void {
  if (state !== 'running') throw new QmpStateError(`send ${command}`, state)
}
