// Decides, without touching anything, what a backup will do: which disks, full or not and why, which way and why, under
// which names, within which bounds. What cannot be done is refused here, before a byte is written.
import type { Disk } from '../../../shared/domain/disk.ts'
import type { DiskId, JobId } from '../../../shared/domain/ids.ts'
import type { BackupBasis, BackupKind, BackupWay } from '../../../shared/domain/point.ts'
import type { DeviceRoot } from '../instant/devices.ts'
import type { ScratchAnswer } from '../instant/scratch.ts'
import type { FreezePlan, ScratchPlan, SnapshotDisk } from '../instant/types.ts'
import { chooseDisks, exclusions } from '../machines/choose-disks.ts'
import type { QmpCapabilities } from '../qmp/types.ts'
import { basisOf, type DiskBasis, type History, summaryOf } from './basis.ts'
import { bytesHeld, diskName } from './disks.ts'
import { copyJobName, filterNodeName, targetNodeName } from './naming.ts'
import { chooseWay } from './way.ts'

/** One disk of a plan. Sizes in bytes. */
export interface PlannedDisk extends DiskBasis {
  readonly id: DiskId
  /** Image file name, for people. */
  readonly name: string
  /** The disk's own node, below any filter. */
  readonly sourceNode: string
  readonly jobName: string
  readonly targetNode: string
  /** The filter that a job puts above the source by itself. */
  readonly filterNode: string
  readonly virtualSize: number
  readonly sourcePath: string | null
  readonly sourceFormat: string | null
  readonly firmware: boolean
  /** With fleecing: what keeps the instant, and the node that the job reads instead of the source. */
  readonly snapshot: SnapshotDisk | null
}

/** Bounds of what a copy job has in flight: the worst wait of a guest's write (qemu.md 5.4, peers.md E6). */
export interface CopyBounds {
  readonly 'max-workers': number
  /** Bytes. */
  readonly 'max-chunk': number
}

export interface BackupPlan {
  readonly kind: BackupKind
  /** The costliest among the disks. */
  readonly basis: BackupBasis
  readonly kindReason: string
  readonly way: BackupWay
  readonly wayReason: string
  readonly disks: readonly PlannedDisk[]
  readonly bytesToCopy: number
  /** Null where this QEMU has no such bounds (before 6.0). */
  readonly bounds: CopyBounds | null
  /** With fleecing: where the guest's old data goes. */
  readonly scratch: ScratchPlan | null
  readonly freeze: FreezePlan
  /** A destination that is slow, full or broken cannot make a write of the guest wait or fail. */
  readonly guestSafe: boolean
  /** Plain push on QEMU 10.1 and later: the copy gives way instead of the guest. */
  readonly givesWay: boolean
}

export interface PlanInput {
  readonly jobId: JobId
  readonly machineName: string
  readonly inventory: readonly Disk[]
  /** Disk ids or aliases; null: all that can be backed up. */
  readonly wanted: readonly string[] | null
  /** Null while the machine is off. */
  readonly capabilities: QmpCapabilities | null
  /** What the machine's devices use now; empty while it is off. */
  readonly roots: readonly DeviceRoot[]
  /** Is there room for scratch images, for this much data? */
  readonly scratch: (dataBytes: number) => ScratchAnswer
  /** Do scratch images and copy lie on one drive? */
  readonly scratchAtDestination?: boolean
  readonly freeze: FreezePlan
  /** What is there to start from. */
  readonly history: History
  /** Why this machine's disks are better not given filters, as a sentence; null when nothing speaks against it. */
  readonly hindrance: string | null
}

const bounds: CopyBounds = { 'max-workers': 4, 'max-chunk': 1 << 20 }
/**
 * With fleecing a read must not be larger than one cluster of the filter: QEMU 7.2 can mix data from after the instant
 * into a read of several clusters while the guest writes to them (docs/qmp.md).
 */
const fleecingBounds: CopyBounds = { 'max-workers': 8, 'max-chunk': 64 << 10 }

/** @throws FloeError `backup/no-disks`, `backup/disk-unknown`, `backup/disk-excluded` */
export function planBackup(input: PlanInput): BackupPlan {
  const { capabilities, jobId } = input
  const chosen = chooseDisks(input)
  const dataBytes = chosen.reduce((sum, disk) => sum + bytesHeld(disk), 0)
  const choice = chooseWay(input, chosen, dataBytes)
  const hasBounds = capabilities?.hasArgument('blockdev-backup', 'x-perf.max-workers') ?? false
  const bases = chosen.map((disk) => basisOf(disk, input.history, choice.way, input.inventory))
  const disks = chosen.map((disk, index) => ({
    ...planDisk(disk, index, jobId, choice.snapshots[index] ?? null),
    ...(bases[index] as DiskBasis),
  }))
  return {
    ...summaryOf(bases),
    way: choice.way,
    wayReason: choice.reason,
    disks,
    bytesToCopy: disks.reduce((sum, disk) => sum + disk.bytesToCopy, 0),
    bounds: !hasBounds ? null : choice.way === 'fleecing' ? fleecingBounds : bounds,
    scratch: choice.scratch,
    freeze: input.freeze,
    guestSafe: choice.way !== 'push' || choice.givesWay,
    givesWay: choice.givesWay,
  }
}

/** Why a disk is not part of a backup of everything; null when it is. */
export function exclusionReason(disk: Disk): string | null {
  return disk.exclusion === null ? null : `Left out: ${exclusions[disk.exclusion]}.`
}

function planDisk(
  disk: Disk,
  index: number,
  jobId: JobId,
  snapshot: SnapshotDisk | null,
): Omit<PlannedDisk, keyof DiskBasis> {
  return {
    id: disk.id,
    name: diskName(disk),
    sourceNode: disk.node as string,
    jobName: copyJobName(jobId, index),
    targetNode: targetNodeName(jobId, index),
    filterNode: filterNodeName(jobId, index),
    virtualSize: disk.virtualSize,
    sourcePath: disk.imagePath,
    sourceFormat: disk.format,
    firmware: disk.firmware,
    snapshot,
  }
}

/** What keeps the plan's instant; empty without fleecing. */
export const snapshotsOf = (plan: BackupPlan): readonly SnapshotDisk[] =>
  plan.disks.flatMap((disk) => (disk.snapshot === null ? [] : [disk.snapshot]))

/** A disk seldom differs from its last point in more than this share; a copy that meets a full destination waits. */
const usuallyDiffers = 0.1

const expectedBytes = ({ basis, bytesToCopy }: PlannedDisk): number =>
  basis === 'comparison' ? Math.ceil(bytesToCopy * usuallyDiffers) : bytesToCopy

/** What the destination must be able to take: the data, and the tables of each qcow2 image around it. */
export function spaceNeeded(plan: BackupPlan): { bytes: number; largestFile: number } {
  const files = plan.disks.map(expectedBytes).map((bytes) => bytes + Math.ceil(bytes / 4096) + (1 << 20))
  return { bytes: files.reduce((sum, size) => sum + size, 0), largestFile: Math.max(0, ...files) }
}
