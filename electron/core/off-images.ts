// Joins two rooms that do not know each other: exports of machines that are off read their images as backups do.
import { guardOffMachine, openOffMachine } from './backup/off-machine.ts'
import type { OffImages, OpenOffImages } from './export/off-images.ts'
import type { MachineService } from './machines/types.ts'
import type { Ports } from './ports/index.ts'

export function offImagesOf(machines: Pick<MachineService, 'signsOfLife'>, ports: Ports): OpenOffImages {
  return async (machine, wanted): Promise<OffImages> => {
    const { off, guard } = await guardOffMachine(machine, wanted, { machines, ports })
    const { link } = await openOffMachine(off, guard, { ports })
    const { images } = link
    const disks = off.inventory.flatMap((disk) =>
      off.images.has(disk.id) && disk.node !== null ? [{ ...disk, node: disk.node }] : [],
    )
    return {
      disks,
      session: await link.session(),
      follow: async (signal, onTrouble) => images?.follow(signal, onTrouble),
      assertUntouched: async () => images?.assertUntouched(),
      close: () => link.close(),
    }
  }
}
