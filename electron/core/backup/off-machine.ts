// What there is to copy of a machine that is off: the disks it had when it was last seen, as their images are now.
import type { Disk } from '../../../shared/domain/disk.ts'
import type { Machine } from '../../../shared/domain/machine.ts'
import { FloeError } from '../errors.ts'
import { chooseDisks } from '../machines/choose-disks.ts'
import type { MachineService } from '../machines/types.ts'
import type { Ports } from '../ports/index.ts'
import { type OfflineImage, readOfflineImage } from '../storage-daemon/offline-image.ts'
import { type OfflineDisk, openOfflineSource } from '../storage-daemon/offline-source.ts'
import { assertStorageDaemon } from '../storage-daemon/storage-daemon.ts'
import { changedWhileOff, OffGuard } from './off-guard.ts'
import { OfflineLink } from './offline-link.ts'

/** The machine's disks, and the images of those that are meant. */
export interface OffMachine {
  readonly machine: Machine
  /** With a node for each disk, and sizes as the images have them now. */
  readonly inventory: readonly Disk[]
  readonly images: ReadonlyMap<Disk['id'], OfflineImage>
}

type Deps = { readonly machines: Pick<MachineService, 'signsOfLife'>; readonly ports: Ports }

/** Nobody but Floe sees the daemon's nodes. */
const nodeOf = (index: number) => `floe-off-${index}`

/**
 * @param wanted disk ids or aliases; null: all that can be backed up
 * @throws FloeError `backup/no-disks`, `backup/disk-unknown`, `backup/disk-excluded`, `backup/started-while-off`
 */
export async function readOffMachine(
  machine: Machine,
  wanted: readonly string[] | null,
  ports: Pick<Ports, 'env'>,
): Promise<OffMachine> {
  const { name } = machine
  if (machine.disks.length === 0) {
    throw new FloeError('backup/no-disks', `Floe does not know the disks of ${name}: it has not seen it running yet.`, {
      params: { machine: name },
      remedy: `Start ${name} once while Floe is open.`,
    })
  }
  const known = machine.disks.map((disk, index) => ({ ...disk, node: nodeOf(index) }))
  const chosen = chooseDisks({ inventory: known, wanted, machineName: name })
  const images = new Map<Disk['id'], OfflineImage>()
  for (const disk of chosen) images.set(disk.id, await readOfflineImage(name, disk, { env: ports.env }))
  const inventory = known.map((disk) => {
    const image = images.get(disk.id)
    if (!image) return disk
    const { virtualSize, allocatedSize, backingChain } = image
    return { ...disk, virtualSize, allocatedSize, backingChain: [...backingChain] }
  })
  return { machine, inventory, images }
}

const filesOf = (off: OffMachine) => [...off.images.values()].flatMap((image) => image.files)
const sharedOf = (off: OffMachine) => new Set([...off.images.values()].flatMap((image) => image.backingChain))

/**
 * Can the copy begin? For an answer right at the click.
 * @throws FloeError `backup/started-while-off`, `system/tool-missing`
 */
export async function assertOff(off: OffMachine, { machines, ports }: Deps): Promise<void> {
  await OffGuard.begin(machines, off.machine, filesOf(off), sharedOf(off))
  await assertStorageDaemon({ env: ports.env })
}

/**
 * What there is to copy, read while its files are guarded already: whatever a plan takes from them (sizes, bitmaps, what
 * lies below) holds until the copy ends, or the guard tells.
 * @throws FloeError `backup/changed-while-off`, and as readOffMachine
 */
export async function guardOffMachine(
  machine: Machine,
  wanted: readonly string[] | null,
  { machines, ports }: Deps,
): Promise<{ readonly off: OffMachine; readonly guard: OffGuard }> {
  // Which files there are is known only from reading them.
  const seen = await readOffMachine(machine, wanted, ports)
  const guard = await OffGuard.begin(machines, machine, filesOf(seen), sharedOf(seen))
  const off = await readOffMachine(machine, wanted, ports)
  const guarded = new Set(filesOf(seen))
  const others = filesOf(off).filter((path) => !guarded.has(path))
  if (others.length === 0) return { off, guard }
  throw changedWhileOff(machine.name, [`They lie over ${others.join(' and ')} now.`])
}

/**
 * Opens the images for reading, after making sure that nobody came near them since they were guarded.
 * @throws FloeError `backup/changed-while-off`, `backup/started-while-off`, `backup/disk-excluded`, `system/tool-missing`,
 *   `system/tool-failed`
 */
export async function openOffMachine(
  off: OffMachine,
  guard: OffGuard,
  { ports }: Pick<Deps, 'ports'>,
): Promise<{ readonly link: OfflineLink; readonly version: string }> {
  await guard.assertUntouched()
  const disks = off.inventory.flatMap((disk): OfflineDisk[] => {
    const image = off.images.get(disk.id)
    return image && disk.node !== null ? [{ ...image, node: disk.node }] : []
  })
  const source = await openOfflineSource(off.machine.name, disks, ports)
  return { link: new OfflineLink(source, guard), version: source.session.version }
}
