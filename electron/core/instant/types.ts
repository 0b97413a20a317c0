import type { DiskId } from '../../../shared/domain/ids.ts'
import type { FreezeCause } from '../../../shared/domain/job.ts'
import type { FreezeWish } from '../guest-agent/types.ts'

/**
 * One disk of an instant that is kept by copy-before-write: everything needed to build it and to take it down again,
 * also after a restart of Floe. Plain data; it lies in journals. Node names carry the job's id (backup/naming.ts).
 */
export interface SnapshotDisk {
  readonly id: DiskId
  /** QOM path of the device, for `qom-set` (qemu.md 5.1). */
  readonly device: string
  /** The node that the device uses without Floe; auto names (`#block123`) are true for one run of QEMU. */
  readonly rootNode: string
  /** The copy-before-write filter, put between device and root node. */
  readonly filterNode: string
  /** Takes the guest's old data. */
  readonly scratchNode: string
  readonly scratchPath: string
  /** Reads the disk as it was at the instant. */
  readonly snapshotNode: string
  /** Keeps QEMU from resizing the disk meanwhile; not in the way of any data. */
  readonly sizeGuardNode: string
  /** Bytes. */
  readonly virtualSize: number
}

/** Where the guest's old data goes, and how much of it there may be. Bytes. */
export interface ScratchPlan {
  readonly folder: string
  readonly expectedBytes: number
  readonly limitBytes: number
}

/** What is wished of the guest at the instant; `notFrozen` says why it will not be frozen. */
export type FreezePlan =
  | (FreezeWish & { readonly kind: 'freeze'; readonly required: boolean })
  | { readonly kind: 'no-freeze'; readonly cause: FreezeCause; readonly reason: string }

/** How an instant came about. */
export interface Instant {
  /** ISO 8601. */
  readonly at: string
  /** How long the guest's CPUs stood still, in milliseconds; null when they did not. */
  readonly pausedMs: number | null
}
