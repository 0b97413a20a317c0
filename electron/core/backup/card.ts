// What people see of a backup: the job card's state, phases and buttons, from the backup's state. Pure.
import type { Job, JobState, Phase, PhaseName } from '../../../shared/domain/job.ts'
import { formatDuration } from '../../../shared/format/duration.ts'
import type { CopyPause } from './copy-care.ts'
import type { BackupInstant, BackupOptions, BackupState, Ending } from './state.ts'

export type Card = Pick<Job, 'state' | 'phases' | 'canPause' | 'canCancel'>

/** What the backup's state does not tell: what the guest is asked, and whether the copy waits. */
export interface Moment {
  readonly pause: CopyPause | null
  readonly freezing: boolean
}

/** The job's state for the board; `ended` ones are told by `endOf`. */
function jobState(state: BackupState, { pause, freezing }: Moment): JobState {
  switch (state.state) {
    case 'idle':
    case 'preparing':
      return { kind: 'preparing', step: 'Creating the images' }
    case 'starting':
      return freezing ? { kind: 'freezing' } : { kind: 'preparing', step: 'Starting all disks at one instant' }
    case 'comparing':
      return { kind: 'comparing' }
    case 'proving':
      return { kind: 'proving' }
    case 'copying':
      return pause === null ? { kind: 'copying' } : { kind: 'paused', ...pause }
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
  if (ending.kind !== 'cancelled') return { kind: 'failed', problem: ending.problem }
  return ending.partialRemoved === false ? { kind: 'cancelled', partialRemoved: false } : { kind: 'cancelled' }
}

const orderOf = ({ compares, proves }: Pick<BackupOptions, 'compares' | 'proves'>): readonly PhaseName[] => [
  'prepared',
  'frozen',
  ...(compares ? (['compared'] as const) : []),
  'copying',
  ...(proves ? (['proven'] as const) : []),
  'checking',
  'recorded',
]
type Marks = Partial<Record<PhaseName, Phase['state']>>

/** "Frozen 84 ms", "Not frozen", "Machine off". */
function frozenPhase({ freeze, consistency }: BackupInstant): Phase {
  if (freeze) return { name: 'frozen', state: 'done', label: `Frozen ${formatDuration(freeze.heldMs)}` }
  return { name: 'frozen', state: 'skipped', label: consistency === 'offline' ? 'Machine off' : 'Not frozen' }
}

/** How far each phase is. A bad end leaves them as they were, so `before` is handed through. */
function phases(state: BackupState, options: BackupOptions, before: readonly Phase[], freezing: boolean): Phase[] {
  const mark = (marks: Marks, frozen: Phase | null): Phase[] =>
    orderOf(options).map((name) => {
      if (name === 'frozen' && frozen) return frozen
      const usual = name === 'checking' && !options.check ? 'skipped' : 'todo'
      return { name, state: marks[name] ?? usual, label: null }
    })
  const from = (marks: Marks, instant: BackupInstant) =>
    mark({ prepared: 'done', compared: 'done', ...marks }, frozenPhase(instant))
  // Proven is what was compared, at the very end; that the instant was read is half of it.
  const copied = { copying: 'done', proven: 'current', recorded: 'current' } as const
  switch (state.state) {
    case 'idle':
    case 'preparing':
      return mark({ prepared: 'current' }, null)
    case 'starting':
      return mark({ prepared: 'done', ...(freezing ? { frozen: 'current' } : {}) }, null)
    case 'comparing':
      return from({ compared: 'current' }, state.instant)
    case 'proving':
      return from({ copying: 'done', proven: 'current' }, state.instant)
    case 'copying':
      return from({ copying: 'current' }, state.instant)
    case 'releasing':
      return state.outcome.kind === 'copied' ? from(copied, state.outcome.instant) : [...before]
    case 'recording':
      return from(copied, state.instant)
    case 'checking':
      return from({ copying: 'done', proven: 'current', checking: 'current', recorded: 'done' }, state.instant)
    case 'ended': {
      if (state.ending.kind !== 'good') return [...before]
      const frozen = before.find((phase) => phase.name === 'frozen') ?? null
      const checking = state.ending.checked ? 'done' : 'skipped'
      return mark(
        { prepared: 'done', compared: 'done', copying: 'done', proven: checking, checking, recorded: 'done' },
        frozen,
      )
    }
    default:
      return [...before]
  }
}

export function cardOf(state: BackupState, options: BackupOptions, moment: Moment, before: readonly Phase[]): Card {
  const copied = state.state === 'releasing' && state.outcome.kind === 'copied'
  return {
    state: jobState(state, moment),
    phases: phases(state, options, before, moment.freezing),
    canPause: state.state === 'copying',
    canCancel:
      !moment.freezing &&
      (copied || ['idle', 'preparing', 'starting', 'comparing', 'copying', 'proving'].includes(state.state)),
  }
}

export const firstPhases = (options: Pick<BackupOptions, 'check' | 'compares' | 'proves'>): Phase[] =>
  phases({ state: 'idle' }, { ...options, diskCount: 0, unseen: nothingSeen }, [], false)

const nothingSeen: BackupOptions['unseen'] = {
  consistency: 'crash-consistent',
  freeze: null,
  reason: null,
  cause: null,
  pausedMs: null,
}
