import type { Point } from '../../../shared/domain/point.ts'
import type { Settings } from '../../../shared/domain/settings.ts'
import type { GuestKeeper } from '../guest-agent/types.ts'
import type { MachineService } from '../machines/types.ts'
import type { Ports } from '../ports/index.ts'
import type { PartialPoint, Repository } from '../repository/types.ts'
import type { CareTiming, CopyCare, CopyPause } from './copy-care.ts'
import type { BackupEvent } from './events.ts'
import { type Cause, causeOf, type GuestError } from './guest-stop.ts'
import type { BackupHeader, RunNotes } from './journal.ts'
import type { QemuLink } from './link.ts'
import type { BackupPlace, Done } from './problems.ts'
import { interrupted } from './problems.ts'
import type { CopySample } from './progress.ts'
import type { BackupState } from './state.ts'

export type FreezePhase = 'freezing' | 'frozen' | 'thawing' | 'thawed'

/** Told what changes, so that people can see it. */
export interface RunView {
  onState(state: BackupState): void
  /** The guest is being frozen, is frozen, is being thawed. */
  onFreeze(phase: FreezePhase): void
  onSample(sample: CopySample & { readonly pause: CopyPause | null }): void
  /** What looking after guest, scratch room and movement found. */
  onCare(care: Partial<CopyCare>): void
  /** Why what was put in the guest's way cannot be taken out yet, as a sentence; null once it is. */
  onKept(why: string | null): void
  onChecked(doneBytes: number, totalBytes: number): void
  /** Bytes so far, for the words of a problem. */
  done(): Done
}

export interface RunDependencies {
  readonly machines: MachineService
  readonly keeper: Pick<GuestKeeper, 'around'>
  readonly repository: Repository
  readonly ports: Ports
  readonly settings: { get(): Settings }
  readonly careTiming?: Partial<CareTiming>
}

/** What the steps of one backup share. */
export interface RunContext {
  readonly header: BackupHeader
  readonly place: BackupPlace
  readonly deps: RunDependencies
  readonly view: RunView
  readonly link: QemuLink
  readonly post: (event: BackupEvent) => void
  /** Remembers for the next Floe; one that cannot be written only matters then. */
  readonly note: (change: Partial<RunNotes>) => Promise<void>
  notes: RunNotes
  partial: PartialPoint | null
  /** The recorded point, once there is one. */
  point: Point | null
  /** The person's limit in bytes per second for all disks together; null for none. */
  limit: number | null
  /** What QEMU said last of a guest's failed reading or writing. */
  guestError: GuestError | null
  /** The images being written, as files: by path, what tells them from others put in their place. */
  readonly images: Map<string, string | null>
}

/** Absolute paths of the images being written, by the plan's disks. @throws FloeError `backup/interrupted` without a folder */
export function targetPaths({ header, partial, place }: RunContext): readonly string[] {
  if (!partial) throw interrupted(place, 'the folder with the copied disks is not there.')
  return header.plan.disks.map((disk) => partial.imagePath(disk.id))
}

/** Whose fault a failed write of the guest is. */
export function causeOfStop({ header, deps, partial, guestError }: RunContext): Promise<Cause> {
  const { plan } = header
  // Here the copy gives way to the guest: all it can do to a write is to leave no room for it.
  if (plan.guestSafe && guestError !== null && !guestError.noSpace) return Promise.resolve('own-disk')
  const machine = deps.machines.list().find(({ id }) => id === header.machineId)
  const isCopied = (node: string) => plan.disks.some((disk) => disk.sourceNode === node)
  return causeOf(guestError, {
    targets: plan.disks.flatMap((disk) => (partial ? [partial.imagePath(disk.id)] : [])),
    sources: plan.disks.flatMap((disk) => (disk.sourcePath === null ? [] : [disk.sourcePath])),
    isOtherDisk: (node) => !isCopied(node) && (machine?.disks.some((disk) => disk.node === node) ?? false),
  })
}

export const placeOf = (header: BackupHeader): BackupPlace => ({
  machineName: header.machineName,
  destinationName: header.destination.name,
  pid: header.pid,
  off: header.plan.way === 'offline',
})
