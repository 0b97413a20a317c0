// Which process runs which machine: processes that ended let go of theirs, new ones find theirs again or are new.
import type { MachineId } from '../../../shared/domain/ids.ts'
import type { FoundQemu } from './discovery.ts'
import { findKnown, type KnownMachine, type MachineTraits } from './identity.ts'
import { missingPlace } from './missing-place.ts'
import { traitsOf } from './new-entry.ts'
import type { TrackedMachine } from './tracked-machine.ts'

const isSameProcess = (a: FoundQemu, b: FoundQemu) =>
  a.process.pid === b.process.pid && a.process.args.join('\0') === b.process.args.join('\0')

export function knownOf(machine: TrackedMachine): KnownMachine & { readonly machine: TrackedMachine } {
  const { images, uuid, guestName, endpoint } = machine.entry
  return { machine, images, uuid, name: guestName, endpoint, imagesExist: true }
}

async function knownWithImages(machine: TrackedMachine) {
  const missing = await missingPlace(machine.entry.images.map(({ path }) => path))
  return { ...knownOf(machine), imagesExist: missing === null }
}

/** @param create makes a machine for a process that belongs to none that is known */
export async function bindProcesses(
  running: readonly FoundQemu[],
  tracked: ReadonlyMap<MachineId, TrackedMachine>,
  create: (found: FoundQemu, traits: MachineTraits) => TrackedMachine,
): Promise<void> {
  const unbound = new Set(running)
  const ended: TrackedMachine[] = []
  for (const machine of tracked.values()) {
    if (machine.process === null) continue
    const { process } = machine
    const still = running.find((found) => isSameProcess(found, process))
    if (still) unbound.delete(still)
    else ended.push(machine)
  }
  await Promise.all(ended.map((machine) => machine.ended()))
  for (const found of unbound) {
    const traits = await traitsOf(found)
    const idle = [...tracked.values()].filter(({ process }) => process === null)
    const known = findKnown(traits, found.line.qmp, await Promise.all(idle.map(knownWithImages)))
    const machine = known?.machine ?? create(found, traits)
    machine.setProcess(found)
  }
}
