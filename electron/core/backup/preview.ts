// What a backup would do, for people to see before they start it. Pure.
import type { Destination } from '../../../shared/domain/destination.ts'
import type { Disk } from '../../../shared/domain/disk.ts'
import type { JobId } from '../../../shared/domain/ids.ts'
import type { Machine } from '../../../shared/domain/machine.ts'
import type { BackupPreview } from '../../../shared/ipc/contract.ts'
import type { QmpCapabilities } from '../qmp/types.ts'
import { bytesToCopy, exclusionReason, planBackup, spaceNeeded } from './plan.ts'

/** @throws FloeError as planBackup */
export function previewOf(input: {
  readonly machine: Machine
  readonly destination: Destination
  readonly wanted: readonly string[] | null
  readonly jobId: JobId
  readonly inventory: readonly Disk[]
  readonly capabilities: QmpCapabilities | null
}): BackupPreview {
  const { machine, destination, inventory } = input
  const plan = planBackup({ ...input, machineName: machine.name })
  const included = new Set(plan.disks.map((disk) => disk.id))
  const { freeBytes } = destination
  return {
    machineId: machine.id,
    destinationId: destination.id,
    kind: plan.kind,
    kindReason: plan.kindReason,
    way: plan.way,
    wayReason: plan.wayReason,
    freeze: { wanted: false, reason: null },
    scratch: null,
    obstacle: null,
    disks: inventory.map((disk) => ({
      diskId: disk.id,
      included: included.has(disk.id),
      bytesToCopy: bytesToCopy(disk),
      reason: included.has(disk.id) ? null : (exclusionReason(disk) ?? 'Not chosen.'),
    })),
    bytesToCopy: plan.bytesToCopy,
    freeBytes,
    enoughSpace: freeBytes === null || freeBytes >= spaceNeeded(plan).bytes,
  }
}
