// Which way the data goes, and why in words. Fleecing wherever it can be had: with plain push a slow, full or failing
// destination holds up or breaks the guest itself (qemu.md findings 1, 2, 17).
import type { Disk } from '../../../shared/domain/disk.ts'
import type { BackupWay } from '../../../shared/domain/point.ts'
import { canFleece } from '../instant/feasible.ts'
import { snapshotDisk } from '../instant/naming.ts'
import type { ScratchPlan, SnapshotDisk } from '../instant/types.ts'
import type { QmpCapabilities } from '../qmp/types.ts'
import type { PlanInput } from './plan.ts'

export interface WayChoice {
  readonly way: BackupWay
  /** One or two finished sentences. */
  readonly reason: string
  /** By the chosen disks; empty without fleecing. */
  readonly snapshots: readonly SnapshotDisk[]
  readonly scratch: ScratchPlan | null
  readonly givesWay: boolean
}

/** `bytes`: what has to be copied. */
export function chooseWay(input: PlanInput, chosen: readonly Disk[], bytes: number): WayChoice {
  const { capabilities } = input
  const without = { snapshots: [], scratch: null, givesWay: false }
  if (capabilities === null) {
    return { ...without, way: 'offline', reason: 'The machine is off, so its images are copied directly.' }
  }
  const fleecing = fleece(input, capabilities, chosen, bytes)
  if (!('why' in fleecing)) {
    return {
      ...fleecing,
      way: 'fleecing',
      reason: input.scratchAtDestination
        ? "The guest's old data is set aside in a scratch image on the destination's drive: when that is too slow or full, the copy is given up within seconds, and the guest goes on."
        : "The guest's old data is set aside in a scratch image, so a slow or full destination can't hold it up.",
      givesWay: false,
    }
  }
  const givesWay = capabilities.hasArgument('blockdev-backup', 'on-cbw-error')
  return { ...without, givesWay, way: 'push', reason: `${fleecing.why} ${boundsWords(capabilities, givesWay)}` }
}

function boundsWords(capabilities: QmpCapabilities, givesWay: boolean): string {
  if (givesWay) return 'QEMU copies straight to the destination and gives the copy up when it would hold the guest up.'
  return capabilities.hasArgument('blockdev-backup', 'x-perf.max-workers')
    ? 'QEMU copies straight to the destination, with little in flight so that a slow one holds the guest up least.'
    : 'QEMU copies straight to the destination; this QEMU offers no bounds for what is in flight.'
}

function fleece(
  { roots, scratch, jobId, hindrance }: PlanInput,
  capabilities: QmpCapabilities,
  chosen: readonly Disk[],
  bytes: number,
): { snapshots: readonly SnapshotDisk[]; scratch: ScratchPlan } | { why: string } {
  if (!canFleece(capabilities) || !capabilities.hasArgument('blockdev-backup', 'x-perf.max-chunk'))
    return { why: 'This QEMU is older than 7.1 and cannot set old data aside.' }
  if (hindrance !== null) return { why: hindrance }
  const room = scratch(bytes)
  if (room.kind === 'no-room') return { why: room.reason }
  const snapshots: SnapshotDisk[] = []
  for (const [index, disk] of chosen.entries()) {
    const snapshot = snapshotDisk(jobId, index, disk, roots, room.plan.folder)
    if (!snapshot) return { why: `QEMU does not tell which device uses ${disk.id}.` }
    snapshots.push(snapshot)
  }
  return { snapshots, scratch: room.plan }
}
