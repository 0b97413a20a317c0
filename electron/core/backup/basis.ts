// What each disk's copy builds upon, and what the whole backup is called for it. The choice itself is tracking/basis.ts;
// here it becomes a part of the plan. Pure.
import type { Disk } from '../../../shared/domain/disk.ts'
import type { DestinationId, DiskId, PointId } from '../../../shared/domain/ids.ts'
import type { BackupBasis, BackupKind, BackupWay } from '../../../shared/domain/point.ts'
import type { ParentPoint } from '../repository/types.ts'
import { chooseBasis } from '../tracking/basis.ts'
import { markedWithin } from '../tracking/commands.ts'
import { bitmapName } from '../tracking/naming.ts'
import type { DiskTracking, NewBitmap } from '../tracking/types.ts'
import { bytesHeld, diskName } from './disks.ts'

/** What is there to start from. */
export interface History {
  readonly destinationId: DestinationId
  /** The point that is to be made. */
  readonly pointId: PointId
  readonly wished: 'automatic' | 'full'
  /** Newest first. */
  readonly parents: readonly ParentPoint[]
  /** What was found on each disk; one that is missing is not tracked. */
  readonly tracking: ReadonlyMap<DiskId, DiskTracking>
  /** Why an instant cannot be compared with a point, as a sentence; null when it can. */
  readonly noComparison: string | null
}

/** What a disk's copy builds upon. */
export interface DiskBasis {
  readonly basis: BackupBasis
  /** One sentence. */
  readonly basisReason: string
  /** The point whose image the new one starts from; null when everything is copied. */
  readonly parentId: PointId | null
  /** The bitmap on the disk's own node that says what changed since the parent; null unless the basis is `bitmap`. */
  readonly oldBitmap: string | null
  /** The bitmap that begins with this backup; null when it begins none. */
  readonly newBitmap: NewBitmap | null
  /** The bitmap that will hold every change since this point; null where changes are not tracked. */
  readonly bitmap: string | null
  /** Fingerprint of the backing files below the disk's image; null when there are none. */
  readonly witness: string | null
  /** With basis `comparison`: at most so many. */
  readonly bytesToCopy: number
}

const noInstant = 'The disks can\u2019t be read at one instant beside the copy, so nothing can be compared.'

const untracked = (diskId: DiskId): DiskTracking => ({ diskId, bitmaps: [], keeps: 'none', witness: null })

/** `present`: all disks that the machine has now, whether they are backed up or not. */
export function basisOf(disk: Disk, history: History, way: BackupWay, present: readonly Disk[] = []): DiskBasis {
  const tracking = history.tracking.get(disk.id) ?? untracked(disk.id)
  const choice = chooseBasis({
    disk: { id: disk.id, name: diskName(disk), virtualSize: disk.virtualSize, path: disk.imagePath },
    present: present.map(({ id }) => id),
    tracking,
    parents: history.parents,
    wished: history.wished,
    noComparison: way === 'push' ? noInstant : history.noComparison,
  })
  const oldBitmap = choice.basis === 'bitmap' ? choice.bitmap : null
  // Nothing is written to the images of a machine that is off, so tracking starts at no such point. The old bitmap goes
  // on, but only from the point it began with: an older state of the image that is put back has it, too, and lacks what
  // changed in between.
  const begins = way !== 'offline' && tracking.keeps !== 'none'
  const newBitmap = begins
    ? { name: bitmapName({ ...history, diskId: disk.id }), persistent: tracking.keeps === 'persistent' }
    : null
  return {
    basis: choice.basis,
    basisReason: choice.reason,
    parentId: choice.basis === 'all' ? null : choice.parentId,
    oldBitmap,
    newBitmap,
    bitmap: newBitmap?.name ?? null,
    witness: tracking.witness,
    bytesToCopy: choice.basis === 'bitmap' ? markedWithin(disk.virtualSize, choice.dirtyBytes) : bytesHeld(disk),
  }
}

const byCost: readonly BackupBasis[] = ['all', 'comparison', 'bitmap']

/** One word and one reason for all disks: the costliest decides. */
export function summaryOf(disks: readonly Pick<DiskBasis, 'basis' | 'basisReason'>[]): {
  readonly kind: BackupKind
  readonly basis: BackupBasis
  readonly kindReason: string
} {
  const basis = byCost.find((one) => disks.some((disk) => disk.basis === one)) ?? 'all'
  const kind = disks.every((disk) => disk.basis === 'all') ? 'full' : 'incremental'
  const reasons = new Set(disks.filter((disk) => disk.basis === basis).map((disk) => disk.basisReason))
  return { kind, basis, kindReason: [...reasons].join(' ') }
}
