// How Floe knows what changed on a disk since a restore point: QEMU's dirty bitmaps (qemu.md 4), one for each disk and
// destination, named by the point it starts from. What is trusted, and why not, is decided here and nowhere else.

import type { DestinationId, DiskId, PointId } from '../../../shared/domain/ids.ts'
import type { BackupBasis } from '../../../shared/domain/point.ts'
import type { ParentPoint } from '../repository/types.ts'

/** A dirty bitmap on a disk's own node, as `query-named-block-nodes` reports it. */
export interface DiskBitmap {
  readonly name: string
  /** It records writes; one that does not has missed some. */
  readonly recording: boolean
  readonly persistent: boolean
  readonly busy: boolean
  /** QEMU ended without storing it; it can only be removed. */
  readonly inconsistent: boolean
  /** Bytes under one bit. */
  readonly granularity: number
  /** Bytes that are marked. */
  readonly dirtyBytes: number
}

/** What QEMU (or the image of a machine that is off) says of the tracking of one disk. */
export interface DiskTracking {
  readonly diskId: DiskId
  readonly bitmaps: readonly DiskBitmap[]
  /** `persistent`: kept in the image (qcow2 v3 without an external data file); `volatile`: while QEMU lives; `none`: not possible. */
  readonly keeps: 'persistent' | 'volatile' | 'none'
  /** Why nothing is tracked although it could be: the beginning of a sentence. */
  readonly hindrance?: string
  /** What the disk's content depends on besides its own image (its backing files), as a fingerprint; null when nothing. */
  readonly witness: string | null
  /** Of the disk's image: `qcow2`, `raw`, ... */
  readonly format?: string
}

export interface BasisQuestion {
  readonly disk: {
    readonly id: DiskId
    readonly name: string
    readonly virtualSize: number
    /** Of its image; missing or null when nobody knows. */
    readonly path?: string | null
  }
  /** Ids of all disks that the machine has now. */
  readonly present?: readonly DiskId[]
  readonly tracking: DiskTracking
  /** Newest first. */
  readonly parents: readonly ParentPoint[]
  readonly wished: 'automatic' | 'full'
  /** Why an instant cannot be compared with a point (no fleecing, NBD server taken), as a sentence; null when it can. */
  readonly noComparison: string | null
}

/** How one disk is copied. `reason`: one finished sentence for people. */
export type BasisChoice =
  | {
      readonly basis: Extract<BackupBasis, 'bitmap'>
      readonly reason: string
      readonly parentId: PointId
      /** On the disk's own node. */
      readonly bitmap: string
      readonly dirtyBytes: number
    }
  | { readonly basis: Extract<BackupBasis, 'comparison'>; readonly reason: string; readonly parentId: PointId }
  | { readonly basis: Extract<BackupBasis, 'all'>; readonly reason: string }

/** The bitmap that a backup begins, in the same instant as its copy. */
export interface NewBitmap {
  readonly name: string
  readonly persistent: boolean
}

export interface BitmapName {
  readonly destinationId: DestinationId
  readonly pointId: PointId
}
