// Where a backup stands. Plain data: it is folded from the journal after a crash.
import type { JobInstant } from '../../../shared/domain/job.ts'
import type { Problem } from '../../../shared/errors/problem.ts'

/** The instant that all disks show, and how it came about. `at`: ISO 8601. */
export interface BackupInstant extends JobInstant {
  readonly at: string
}

/**
 * How a backup ends that leaves no restore point. `partialRemoved`, for a failed one among its problem's params: is the
 * unfinished copy gone? Missing until that was tried.
 */
export type BadEnding =
  | { readonly kind: 'cancelled'; readonly partialRemoved?: boolean }
  | { readonly kind: 'failed'; readonly problem: Problem }

export type Ending =
  /** `checked`: the content index was computed. */
  | { readonly kind: 'good'; readonly checked: boolean }
  /** The point is recorded, and reading it back failed. */
  | { readonly kind: 'recorded-but-failed'; readonly problem: Problem }
  | BadEnding

export type BackupState =
  | { readonly state: 'idle' }
  /** Partial folder, images and target nodes are being made. */
  | { readonly state: 'preparing'; readonly cancelled: boolean }
  /** Freeze, instant and thaw are on their way, then the jobs. `at`: just before (ISO 8601). */
  | { readonly state: 'starting'; readonly at: string; readonly rescueGuest: boolean; readonly cancelled: boolean }
  /** The instant is compared with the parent points, to find what is to be copied; then the jobs begin. */
  | { readonly state: 'comparing'; readonly instant: BackupInstant; readonly rescueGuest: boolean }
  /** QEMU copies. `finished`: indexes of disks with a good verdict. */
  | {
      readonly state: 'copying'
      readonly instant: BackupInstant
      readonly rescueGuest: boolean
      readonly finished: readonly number[]
    }
  /** All is copied; the instant is read whole, to prove the finished point with it later. */
  | { readonly state: 'proving'; readonly instant: BackupInstant; readonly rescueGuest: boolean }
  /** Jobs are being cancelled. */
  | { readonly state: 'stopping'; readonly rescueGuest: boolean; readonly ending: BadEnding }
  /** Jobs are dismissed and target nodes removed, which flushes the images (qemu.md 0.6). */
  | {
      readonly state: 'releasing'
      readonly rescueGuest: boolean
      readonly outcome: { readonly kind: 'copied'; readonly instant: BackupInstant } | BadEnding
    }
  | { readonly state: 'recording'; readonly instant: BackupInstant }
  | { readonly state: 'discarding'; readonly ending: BadEnding }
  /** The point exists; its content index is being computed. */
  | { readonly state: 'checking'; readonly instant: BackupInstant }
  | { readonly state: 'ended'; readonly ending: Ending }

/** What a backup is about and never changes; the journal's first line. */
export interface BackupOptions {
  readonly diskCount: number
  readonly check: boolean
  /** The instant is compared with a parent point before the jobs begin. */
  readonly compares: boolean
  /** The finished point is compared with the instant. */
  readonly proves: boolean
  /** What a point whose instant nobody saw is worth: Floe was closed while it was set. Null: nothing, for a required freeze. */
  readonly unseen: JobInstant | null
}

export const initialState: BackupState = { state: 'idle' }

/** Does this state still need QEMU? */
export function needsMachine(state: BackupState): boolean {
  return ['preparing', 'starting', 'comparing', 'copying', 'proving', 'stopping', 'releasing'].includes(state.state)
}
