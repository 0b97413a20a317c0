// Names of what keeps an instant inside QEMU and on the scratch drive: `floe-<job id>-<kind><disk index>`, at most 31
// characters (qemu.md 2.1). Scratch files carry the same names, so that what nobody owns any more is recognised.
import { join } from 'node:path'
import type { DiskId, JobId } from '../../../shared/domain/ids.ts'
import type { DeviceRoot } from './devices.ts'
import type { SnapshotDisk } from './types.ts'

const name = (jobId: JobId, kind: 'c' | 's' | 'v' | 'g', index: number) => `floe-${jobId}-${kind}${index}`

/** The job whose scratch file this is; null for foreign files. */
export function ownerOfScratchFile(fileName: string): string | null {
  return /^floe-([a-z0-9]{12})-s\d+\.qcow2$/.exec(fileName)?.[1] ?? null
}

/** One entry per disk, by what its device uses now. Null for a disk whose device is not among `roots`. */
export function snapshotDisk(
  jobId: JobId,
  index: number,
  disk: { readonly id: DiskId; readonly qdev: string | null; readonly virtualSize: number },
  roots: readonly DeviceRoot[],
  folder: string,
): SnapshotDisk | null {
  const root = roots.find((candidate) => candidate.qdev === disk.qdev)
  if (!root) return null
  const scratchNode = name(jobId, 's', index)
  return {
    id: disk.id,
    device: root.path,
    rootNode: root.node,
    filterNode: name(jobId, 'c', index),
    scratchNode,
    scratchPath: join(folder, `${scratchNode}.qcow2`),
    snapshotNode: name(jobId, 'v', index),
    sizeGuardNode: name(jobId, 'g', index),
    virtualSize: disk.virtualSize,
  }
}
