// What a backup wants done, as data. The runner carries it out; every outcome comes back as an event.
import type { BackupInstant, Ending } from './state.ts'

export type BackupEffect =
  /** Partial folder, images, target nodes, and with fleecing scratch images and filters. -> prepared, preparation-failed */
  | { readonly effect: 'prepare' }
  /** Freeze, all disks at one instant, thaw; with it the jobs, unless something is to be compared first. -> started, start-failed */
  | { readonly effect: 'start' }
  /** Read the instant, mark what differs from the parent points, begin the jobs. -> compared, compare-failed, machine-gone */
  | { readonly effect: 'compare' }
  /** Read the instant whole and keep what it holds. -> instant-read, instant-unread */
  | { readonly effect: 'read-instant' }
  /** Follow the jobs. -> concluded, trouble, machine-gone */
  | { readonly effect: 'watch'; readonly rescueGuest: boolean }
  /** Cancel our jobs and wait until none runs. -> stopped, machine-gone */
  | { readonly effect: 'stop-jobs' }
  /** `copied`: the images hold everything, and only their removal from QEMU makes them whole. Dismiss jobs, remove target nodes, take the instant down, let a guest go on that our backup had stopped. -> released, release-failed, machine-gone */
  | { readonly effect: 'release'; readonly rescueGuest: boolean; readonly copied: boolean }
  /** -> recorded, record-failed */
  | { readonly effect: 'record'; readonly instant: BackupInstant }
  /** -> discarded, discard-failed */
  | { readonly effect: 'discard' }
  /** -> checked, check-skipped, check-failed */
  | { readonly effect: 'check' }
  /** Tell people, forget the journal. The last effect, exactly once. */
  | { readonly effect: 'finish'; readonly ending: Ending }
