// What a backup would do, for people to see before they start it. Pure.
import type { Destination } from '../../../shared/domain/destination.ts'
import type { DiskId } from '../../../shared/domain/ids.ts'
import type { Machine } from '../../../shared/domain/machine.ts'
import type { Problem } from '../../../shared/errors/problem.ts'
import type { BackupPreview } from '../../../shared/ipc/contract.ts'
import { type History, summaryOf } from './basis.ts'
import { bytesHeld } from './disks.ts'
import { endBytesOf } from './ends.ts'
import { exclusionReason, type PlanInput, planBackup, spaceNeeded } from './plan.ts'

/** @throws FloeError as planBackup */
export function previewOf(input: {
  readonly machine: Machine
  readonly destination: Destination
  readonly plan: PlanInput
  /** What stands in the way right now and may pass by itself. */
  readonly obstacle: Problem | null
}): BackupPreview {
  const { machine, destination, obstacle } = input
  const { inventory } = input.plan
  const plan = planBackup(input.plan)
  const planned = new Map(plan.disks.map((disk) => [disk.id, disk]))
  const { freeBytes } = destination
  return {
    machineId: machine.id,
    destinationId: destination.id,
    kind: plan.kind,
    kindReason: plan.kindReason,
    basis: plan.basis,
    way: plan.way,
    wayReason: plan.wayReason,
    freeze:
      plan.freeze.kind === 'freeze' ? { wanted: true, reason: null } : { wanted: false, reason: plan.freeze.reason },
    scratch: plan.scratch === null ? null : { ...plan.scratch, freeBytes: scratchFree(input.plan, plan.bytesToCopy) },
    obstacle,
    disks: inventory.map((disk) => {
      const copy = planned.get(disk.id)
      return {
        diskId: disk.id,
        included: copy !== undefined,
        basis: copy?.basis ?? 'all',
        basisReason: copy?.basisReason ?? '',
        bytesToCopy: copy?.bytesToCopy ?? bytesHeld(disk),
        endBytes: copy ? endBytesOf([copy]) : 0,
        reason: copy ? null : (exclusionReason(disk) ?? 'Not chosen.'),
      }
    }),
    bytesToCopy: plan.bytesToCopy,
    endBytes: endBytesOf(plan.disks),
    freeBytes,
    enoughSpace: freeBytes === null || freeBytes >= spaceNeeded(plan).bytes,
  }
}

const wayUnknown = 'How the disks are read is decided once QEMU can be asked.'
const changesUnknown = 'What has to be copied is decided once QEMU can be asked what changed.'

/** Of a machine whose QEMU cannot be asked now: sizes are remembered, and of what only QEMU knows nothing is claimed. */
export function previewUnseen(input: Parameters<typeof previewOf>[0]): BackupPreview {
  const remembered = previewOf(input)
  const disks = remembered.disks.map((disk) =>
    disk.included && isUpToQemu(disk.diskId, input.plan.history) ? { ...disk, basisReason: changesUnknown } : disk,
  )
  const { kindReason } = summaryOf(disks.filter(({ included }) => included))
  return { ...remembered, disks, kindReason, way: 'fleecing', wayReason: wayUnknown }
}

/** A disk with nothing to start from is copied whole whatever QEMU says, and so is everything that is asked for in full. */
const isUpToQemu = (diskId: DiskId, { wished, parents }: History): boolean =>
  wished === 'automatic' && parents.some(({ disks }) => disks.some(({ id }) => id === diskId))

function scratchFree({ scratch }: PlanInput, dataBytes: number): number {
  const room = scratch(dataBytes)
  return room.kind === 'room' ? room.freeBytes : 0
}
