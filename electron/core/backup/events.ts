// What can happen to a backup: outcomes of its effects, what QEMU reports, what people want, and a restart of Floe.
import type { Problem } from '../../../shared/errors/problem.ts'
import type { BackupInstant } from './state.ts'

/** What is left of a backup when Floe comes back. */
export interface Remains {
  /** Of the plan's copy jobs, how many QEMU still knows. */
  readonly jobs: 'all' | 'some' | 'none'
  /** Of the plan's target nodes, how many QEMU still has. */
  readonly targets: 'all' | 'some' | 'none'
  /** Is the partial folder there? */
  readonly partial: boolean
  /** Is the point among the recorded ones? */
  readonly recorded: boolean
}

export type BackupEvent =
  | { readonly event: 'begin' }
  /** `rescueGuest`: may a guest that QEMU stops over a failed write be let go on? Not if it had stopped so before. */
  | { readonly event: 'prepared'; readonly at: string; readonly rescueGuest: boolean }
  | { readonly event: 'preparation-failed'; readonly problem: Problem }
  | { readonly event: 'started'; readonly instant: BackupInstant }
  | { readonly event: 'start-failed'; readonly problem: Problem }
  /** What is to be copied is known, and the jobs have begun. */
  | { readonly event: 'compared' }
  | { readonly event: 'compare-failed'; readonly problem: Problem }
  /** What the instant holds is kept, for the proof; or it could not be read, and there will be no proof. */
  | { readonly event: 'instant-read' }
  | { readonly event: 'instant-unread'; readonly problem: Problem }
  /** QEMU's verdict on one disk; `problem` null: good, in the event and in the job. */
  | { readonly event: 'concluded'; readonly disk: number; readonly problem: Problem | null }
  /** The copy must end: destination full or gone, guest stopped or hurt, write error. */
  | { readonly event: 'trouble'; readonly problem: Problem }
  | { readonly event: 'cancel-requested' }
  | { readonly event: 'machine-gone'; readonly problem: Problem }
  | { readonly event: 'stopped' }
  | { readonly event: 'released' }
  | { readonly event: 'release-failed'; readonly problem: Problem }
  /** `damaged`: it holds bytes that the check of another point found damaged. */
  | { readonly event: 'recorded'; readonly damaged?: Problem }
  | { readonly event: 'record-failed'; readonly problem: Problem }
  | { readonly event: 'discarded' }
  | { readonly event: 'discard-failed'; readonly problem: Problem }
  | { readonly event: 'checked' }
  | { readonly event: 'check-skipped' }
  | { readonly event: 'check-failed'; readonly problem: Problem }
  /** Floe was started again. `problem` is used when the backup cannot go on. */
  | { readonly event: 'resumed'; readonly remains: Remains; readonly problem: Problem }
