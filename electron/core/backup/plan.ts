// Decides, without touching anything, what a backup will do: which disks, full or not and why, which way and why, under
// which names, within which bounds. What cannot be done is refused here, before a byte is written.
import type { Disk } from '../../../shared/domain/disk.ts'
import type { DiskId, JobId } from '../../../shared/domain/ids.ts'
import { chooseDisks, exclusions } from '../machines/choose-disks.ts'
import type { QmpCapabilities } from '../qmp/types.ts'
import { copyJobName, filterNodeName, targetNodeName } from './naming.ts'

/** One disk of a plan. Sizes in bytes. */
export interface PlannedDisk {
  readonly id: DiskId
  /** Image file name, for people. */
  readonly name: string
  readonly sourceNode: string
  readonly jobName: string
  readonly targetNode: string
  readonly filterNode: string
  readonly virtualSize: number
  readonly bytesToCopy: number
  readonly sourcePath: string | null
  readonly sourceFormat: string | null
  readonly firmware: boolean
}

/** Bounds of what a copy job has in flight: the worst wait of a guest's write (qemu.md 5.4, peers.md E6). */
export interface CopyBounds {
  readonly 'max-workers': number
  /** Bytes. */
  readonly 'max-chunk': number
}

export interface BackupPlan {
  readonly kind: 'full'
  readonly kindReason: string
  readonly way: 'push'
  readonly wayReason: string
  readonly disks: readonly PlannedDisk[]
  readonly bytesToCopy: number
  /** Null where this QEMU has no such bounds (before 6.0). */
  readonly bounds: CopyBounds | null
}

export interface PlanInput {
  readonly jobId: JobId
  readonly machineName: string
  readonly inventory: readonly Disk[]
  /** Disk ids or aliases; null: all that can be backed up. */
  readonly wanted: readonly string[] | null
  /** Null while the machine is off: a preview can be made without. */
  readonly capabilities: QmpCapabilities | null
}

const bounds: CopyBounds = { 'max-workers': 4, 'max-chunk': 1 << 20 }

/** @throws FloeError `backup/no-disks`, `backup/disk-unknown`, `backup/disk-excluded` */
export function planBackup(input: PlanInput): BackupPlan {
  const disks = chooseDisks(input).map((disk, index) => planDisk(disk, index, input.jobId))
  const hasBounds = input.capabilities?.hasArgument('blockdev-backup', 'x-perf.max-workers') ?? false
  return {
    kind: 'full',
    kindReason: 'This version of Floe copies all data of every disk each time.',
    way: 'push',
    wayReason: hasBounds
      ? 'QEMU copies straight to the destination, with little in flight so that a slow one holds the guest up least.'
      : 'QEMU copies straight to the destination; this QEMU offers no bounds for what is in flight.',
    disks,
    bytesToCopy: disks.reduce((sum, disk) => sum + disk.bytesToCopy, 0),
    bounds: hasBounds ? bounds : null,
  }
}

/** Why a disk is not part of a backup of everything; null when it is. */
export function exclusionReason(disk: Disk): string | null {
  return disk.exclusion === null ? null : `Left out: ${exclusions[disk.exclusion]}.`
}

/** What of a disk has to be copied: what its images hold, never more than its size. Bytes. */
export const bytesToCopy = (disk: Disk): number => Math.min(disk.allocatedSize, disk.virtualSize)

export const diskName = (disk: Disk): string => disk.imagePath?.split('/').pop() ?? disk.id

function planDisk(disk: Disk, index: number, jobId: JobId): PlannedDisk {
  return {
    id: disk.id,
    name: diskName(disk),
    sourceNode: disk.node as string,
    jobName: copyJobName(jobId, index),
    targetNode: targetNodeName(jobId, index),
    filterNode: filterNodeName(jobId, index),
    virtualSize: disk.virtualSize,
    bytesToCopy: bytesToCopy(disk),
    sourcePath: disk.imagePath,
    sourceFormat: disk.format,
    firmware: disk.firmware,
  }
}

/** What the destination must be able to take: the data, and the tables of each qcow2 image around it. */
export function spaceNeeded(plan: BackupPlan): { bytes: number; largestFile: number } {
  const files = plan.disks.map((disk) => disk.bytesToCopy + Math.ceil(disk.bytesToCopy / 4096) + (1 << 20))
  return { bytes: files.reduce((sum, size) => sum + size, 0), largestFile: Math.max(0, ...files) }
}
