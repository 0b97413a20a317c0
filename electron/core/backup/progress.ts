// How far a copy is, in data: what the target files hold against what the disks hold, never virtual sizes (ux.md 4).
// Pure: it never goes back, and stays below 1 until QEMU has said that every disk is done.
import type { DiskProgress, Progress } from '../../../shared/domain/job.ts'
import type { PlannedDisk } from './plan.ts'

/** One look at the copy. Arrays go by the plan's disks; null where a file could not be looked at. */
export interface CopySample {
  readonly allocatedBytes: readonly (number | null)[]
  /** Where it is known exactly: what there is to copy in all. */
  readonly totalBytes?: readonly (number | null)[]
  readonly finished: readonly boolean[]
}

export type DiskBytes = readonly Pick<DiskProgress, 'doneBytes' | 'totalBytes' | 'done'>[]

export function startOfCopy(disks: readonly Pick<PlannedDisk, 'bytesToCopy'>[]): DiskBytes {
  return disks.map((disk) => ({ doneBytes: 0, totalBytes: disk.bytesToCopy, done: false }))
}

export function advance(before: DiskBytes, sample: CopySample): DiskBytes {
  return before.map((disk, index) => {
    const done = disk.done || sample.finished[index] === true
    const totalBytes = sample.totalBytes?.[index] ?? disk.totalBytes
    const seen = Math.min(totalBytes, sample.allocatedBytes[index] ?? 0)
    return { totalBytes, done, doneBytes: done ? totalBytes : Math.max(disk.doneBytes, seen) }
  })
}

/** The sum, with a fraction that is 1 only when `complete`. */
export function totalOf(disks: DiskBytes, complete = false): Pick<Progress, 'doneBytes' | 'totalBytes' | 'fraction'> {
  const doneBytes = disks.reduce((sum, disk) => sum + disk.doneBytes, 0)
  const totalBytes = disks.reduce((sum, disk) => sum + disk.totalBytes, 0)
  const share = totalBytes === 0 ? 0 : doneBytes / totalBytes
  return { doneBytes, totalBytes, fraction: complete ? 1 : Math.min(share, 0.99) }
}

export function describeDisks(disks: DiskBytes, planned: readonly Pick<PlannedDisk, 'id' | 'name'>[]): DiskProgress[] {
  return disks.map((disk, index) => {
    const { id, name } = planned[index] as Pick<PlannedDisk, 'id' | 'name'>
    return { diskId: id, name, ...disk }
  })
}
