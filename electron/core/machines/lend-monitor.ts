import type { MachineId } from '../../../shared/domain/ids.ts'
import { FloeError } from '../errors.ts'
import type { GuestAccess } from '../guest-agent/types.ts'
import type { Monitor } from '../guest-agent/undo.ts'
import type { MachineLease, MachineService } from './types.ts'

/**
 * Lends a machine's monitor to whoever has to undo something in it: the socket is held here, and QEMU serves one.
 * Answers null for a machine that was taken off the list, whose socket nobody holds here.
 */
export function lendMonitor(
  machines: Pick<MachineService, 'acquire'>,
): (guest: GuestAccess) => Promise<Monitor | null> {
  return async ({ machineId, machineName, qemuPid = null }) => {
    const lease = await machines.acquire(machineId as MachineId).catch((error: unknown) => {
      if (error instanceof FloeError && error.code === 'machine/unknown') return null
      throw error
    })
    if (lease === null) return null
    if (isAnother(lease, qemuPid)) {
      await lease[Symbol.asyncDispose]()
      throw new FloeError('machine/interrupted', `Another QEMU runs ${machineName} now.`)
    }
    return {
      execute: (command) => lease.session.execute(command),
      close: async () => lease[Symbol.asyncDispose](),
    }
  }
}

const isAnother = ({ machine }: MachineLease, pid: number | null) =>
  pid !== null && machine.pid !== null && machine.pid !== pid
