// What a backup would do, for people to see before they start it. Pure.
import type { Destination } from '../../../shared/domain/destination.ts'
import type { Machine } from '../../../shared/domain/machine.ts'
import type { BackupPreview } from '../../../shared/ipc/contract.ts'
import { bytesToCopy, exclusionReason, type PlanInput, planBackup, spaceNeeded } from './plan.ts'

/** @throws FloeError as planBackup */
export function previewOf(input: {
  readonly machine: Machine
  readonly destination: Destination
  readonly plan: PlanInput
}): BackupPreview {
  const { machine, destination } = input
  const { inventory } = input.plan
  const plan = planBackup(input.plan)
  const included = new Set(plan.disks.map((disk) => disk.id))
  const { freeBytes } = destination
  return {
    machineId: machine.id,
    destinationId: destination.id,
    kind: plan.kind,
    kindReason: plan.kindReason,
    way: plan.way,
    wayReason: plan.wayReason,
    freeze:
      plan.freeze.kind === 'freeze' ? { wanted: true, reason: null } : { wanted: false, reason: plan.freeze.reason },
    scratch: plan.scratch === null ? null : { ...plan.scratch, freeBytes: scratchFree(input.plan, plan.bytesToCopy) },
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

function scratchFree({ scratch }: PlanInput, dataBytes: number): number {
  const room = scratch(dataBytes)
  return room.kind === 'room' ? room.freeBytes : 0
}
