// What people see of a backup: the job card's state, phases and buttons, from the backup's state. Pure.
import type { Job, JobState, Phase, PhaseName } from '../../../shared/domain/job.ts'
import type { BackupOptions, BackupState, Ending } from './state.ts'

export type Card = Pick<Job, 'state' | 'phases' | 'canPause' | 'canCancel'>

/** The job's state for the board; `ended` ones are told by `endOf`. */
function jobState(state: BackupState, paused: boolean): JobState {
  switch (state.state) {
    case 'idle':
    case 'preparing':
      return { kind: 'preparing', step: 'Creating the images' }
    case 'starting':
      return { kind: 'preparing', step: 'Starting all disks at one instant' }
    case 'copying':
      return paused ? { kind: 'paused', reason: 'user', neededBytes: null, freeBytes: null } : { kind: 'copying' }
    case 'stopping':
      return state.ending.kind === 'cancelled' ? { kind: 'cancelling' } : { kind: 'finishing', step: 'Ending the copy' }
    case 'releasing':
      return state.outcome.kind === 'cancelled'
        ? { kind: 'cancelling' }
        : { kind: 'finishing', step: state.outcome.kind === 'copied' ? 'Closing the images' : 'Ending the copy' }
    case 'recording':
      return { kind: 'finishing', step: 'Recording the restore point' }
    case 'discarding':
      return state.ending.kind === 'cancelled'
        ? { kind: 'cancelling' }
        : { kind: 'finishing', step: 'Removing the unfinished copy' }
    case 'checking':
      return { kind: 'checking' }
    case 'ended':
      return endOf(state.ending)
  }
}

export function endOf(ending: Ending): JobState {
  if (ending.kind === 'good') return { kind: 'done' }
  return ending.kind === 'cancelled' ? { kind: 'cancelled' } : { kind: 'failed', problem: ending.problem }
}

const order: readonly PhaseName[] = ['prepared', 'frozen', 'copying', 'checking', 'recorded']
export const notFrozen = 'Not frozen'

/** How far each phase is. A bad end leaves them as they were, so `before` is handed through. */
function phases(state: BackupState, options: BackupOptions, before: readonly Phase[]): Phase[] {
  const with_ = (states: Partial<Record<PhaseName, Phase['state']>>): Phase[] =>
    order.map((name) => ({
      name,
      state: states[name] ?? (name === 'checking' && !options.check ? 'skipped' : 'todo'),
      label: name === 'frozen' && states.frozen === 'skipped' ? notFrozen : null,
    }))
  const copied = { prepared: 'done', frozen: 'skipped', copying: 'done' } as const
  switch (state.state) {
    case 'idle':
    case 'preparing':
      return with_({ prepared: 'current' })
    case 'starting':
      return with_({ prepared: 'done', frozen: 'skipped' })
    case 'copying':
      return with_({ prepared: 'done', frozen: 'skipped', copying: 'current' })
    case 'releasing':
      return state.outcome.kind === 'copied' ? with_({ ...copied, recorded: 'current' }) : [...before]
    case 'recording':
      return with_({ ...copied, recorded: 'current' })
    case 'checking':
      return with_({ ...copied, checking: 'current', recorded: 'done' })
    case 'ended':
      if (state.ending.kind !== 'good') return [...before]
      return with_({ ...copied, checking: state.ending.checked ? 'done' : 'skipped', recorded: 'done' })
    default:
      return [...before]
  }
}

export function cardOf(state: BackupState, options: BackupOptions, paused: boolean, before: readonly Phase[]): Card {
  const copied = state.state === 'releasing' && state.outcome.kind === 'copied'
  return {
    state: jobState(state, paused),
    phases: phases(state, options, before),
    canPause: state.state === 'copying',
    canCancel: copied || ['idle', 'preparing', 'starting', 'copying'].includes(state.state),
  }
}

export const firstPhases = (options: BackupOptions): Phase[] => phases({ state: 'idle' }, options, [])
