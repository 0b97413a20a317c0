// Where a backup stands. Plain data: it is folded from the journal after a crash.
import type { Problem } from '../../../shared/errors/problem.ts'

/** How a backup ends that leaves no restore point. */
export type BadEnding = { readonly kind: 'cancelled' } | { readonly kind: 'failed'; readonly problem: Problem }

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
  /** The transaction is on its way. `at`: the instant just before it (ISO 8601). */
  | { readonly state: 'starting'; readonly at: string; readonly rescueGuest: boolean; readonly cancelled: boolean }
  /** QEMU copies. `finished`: indexes of disks with a good verdict. */
  | {
      readonly state: 'copying'
      readonly at: string
      readonly rescueGuest: boolean
      readonly finished: readonly number[]
    }
  /** Jobs are being cancelled. */
  | { readonly state: 'stopping'; readonly rescueGuest: boolean; readonly ending: BadEnding }
  /** Jobs are dismissed and target nodes removed, which flushes the images (qemu.md 0.6). */
  | {
      readonly state: 'releasing'
      readonly rescueGuest: boolean
      readonly outcome: { readonly kind: 'copied'; readonly at: string } | BadEnding
    }
  | { readonly state: 'recording'; readonly at: string }
  | { readonly state: 'discarding'; readonly ending: BadEnding }
  /** The point exists; its content index is being computed. */
  | { readonly state: 'checking' }
  | { readonly state: 'ended'; readonly ending: Ending }

/** What a backup is about and never changes; the journal's first line. */
export interface BackupOptions {
  readonly diskCount: number
  readonly check: boolean
}

export const initialState: BackupState = { state: 'idle' }

/** Does this state still need QEMU? */
export function needsMachine(state: BackupState): boolean {
  return ['preparing', 'starting', 'copying', 'stopping', 'releasing'].includes(state.state)
}
