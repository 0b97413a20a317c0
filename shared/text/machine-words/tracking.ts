// Whether the changes of a machine's disks are tracked, and for how long (ux.md S2, S4, F7; B3). Said before anything is lost.
import type { ChangeTracking, Disk } from '../../domain/disk.ts'
import type { Machine } from '../../domain/machine.ts'
import { backedUpDisks } from './disks.ts'

export interface TrackingWords {
  readonly tone: 'ok' | 'neutral' | 'warning'
  readonly text: string
}

type Volatile = Extract<ChangeTracking, { kind: 'volatile' }>

const cannotKeep: Readonly<Record<Volatile['why'], string>> = {
  raw: 'a raw image',
  'qcow2-v2': 'a qcow2 image of version 2',
  'data-file': 'an image with an external data file',
  format: 'an image of this format',
}
const eachStart = 'The first backup after each start reads the whole disk.'
const snapshots = 'QEMU can’t go back to internal snapshots while changes are tracked'

/** Of one disk that is backed up: the value of its row "Tracking". */
export function trackingWords({ tracking }: Pick<Disk, 'tracking'>): TrackingWords {
  switch (tracking.kind) {
    case 'unknown':
      return { tone: 'neutral', text: 'Not known' }
    case 'none':
      return tracking.why === 'internal-snapshots'
        ? { tone: 'warning', text: `Off: ${snapshots}` }
        : { tone: 'neutral', text: 'Off: the disk is not backed up' }
    case 'persistent':
      if (tracking.now === 'on') return { tone: 'ok', text: 'On, kept in the image' }
      return tracking.now === 'cut-off'
        ? { tone: 'warning', text: 'Cut off: QEMU ended without storing it. Starts again with the next backup' }
        : { tone: 'neutral', text: 'Starts with the next backup, kept in the image' }
    case 'volatile': {
      const begin = tracking.now === 'on' ? 'On' : 'Starts with the next backup'
      const limit = `only while this QEMU runs: ${cannotKeep[tracking.why]} can’t keep it. ${eachStart}`
      return { tone: 'neutral', text: `${begin}, ${limit}` }
    }
  }
}

const names = (disks: readonly Disk[]): string => disks.map(({ id }) => id).join(', ')

/** Disks of a machine whose changes are tracked only while its QEMU runs, as one sentence; null when there is none. */
export function volatileTracking(machine: Machine): string | null {
  const disks = trackedDisks(machine).filter(({ tracking }) => tracking.kind === 'volatile')
  const [first] = disks
  if (first?.tracking.kind !== 'volatile') return null
  const { why } = first.tracking
  const same = disks.every(({ tracking }) => tracking.kind === 'volatile' && tracking.why === why)
  const reason = same ? `${cannotKeep[why]} can’t keep a record of them` : 'their images can’t keep a record of them'
  return `Changes of ${names(disks)} are tracked only while this QEMU runs, because ${reason}. ${eachStart}`
}

/** The variables of a UEFI are a few hundred kilobytes: whether they are tracked makes no difference to a backup. */
function trackedDisks(machine: Machine): readonly Disk[] {
  return backedUpDisks(machine).filter((disk) => !disk.firmware)
}

/** The machine's disks together, for its readiness; null while it is not known of each of them. */
export function machineTracking(machine: Machine): (TrackingWords & { readonly hint: string | null }) | null {
  const disks = trackedDisks(machine)
  if (disks.length === 0 || disks.some(({ tracking }) => tracking.kind === 'unknown')) return null
  const being = (now: Volatile['now']) => disks.filter(({ tracking }) => 'now' in tracking && tracking.now === now)
  const [on, cut] = [being('on'), being('cut-off')]
  const never = disks.filter(({ tracking }) => tracking.kind === 'none')
  const limit = volatileTracking(machine)
  if (cut.length > 0) {
    const again = `It starts again with the next backup, which reads all of ${names(cut)}.`
    return { tone: 'warning', text: 'Change tracking was cut off', hint: `QEMU ended without storing it. ${again}` }
  }
  if (never.length > 0) {
    const text = never.length === disks.length ? 'Change tracking off' : `Change tracking off for ${names(never)}`
    return { tone: 'warning', text, hint: `${snapshots}. Each backup reads all of ${names(never)}.` }
  }
  if (on.length === 0) {
    const which = machine.lastGoodPoint === null ? 'first' : 'next'
    return { tone: 'neutral', text: `Change tracking starts with the ${which} backup`, hint: limit }
  }
  if (on.length < disks.length) {
    return { tone: 'neutral', text: `Change tracking on for ${on.length} of ${disks.length} disks`, hint: limit }
  }
  if (limit !== null) return { tone: 'neutral', text: 'Change tracking on while QEMU runs', hint: limit }
  const hint =
    'The images keep a record of what changes, also over a clean shutdown, so that a backup can copy only that.'
  return { tone: 'ok', text: 'Change tracking on', hint }
}
