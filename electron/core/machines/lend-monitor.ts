import type { MachineId } from '../../../shared/domain/ids.ts'
import type { GuestAccess } from '../guest-agent/types.ts'
import type { Monitor } from '../guest-agent/undo.ts'
import type { MachineService } from './types.ts'

/** Lends a machine's monitor to whoever has to undo something in it: the socket is held here, and QEMU serves one. */
export function lendMonitor(machines: Pick<MachineService, 'acquire'>): (guest: GuestAccess) => Promise<Monitor> {
  return async ({ machineId }) => {
    const lease = await machines.acquire(machineId as MachineId)
    return {
      execute: (command) => lease.session.execute(command),
      close: async () => lease[Symbol.asyncDispose](),
    }
  }
}
