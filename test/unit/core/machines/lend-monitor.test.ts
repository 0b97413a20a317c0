import { expect, test } from 'vitest'
import { FloeError } from '../../../../electron/core/errors.ts'
import { lendMonitor } from '../../../../electron/core/machines/lend-monitor.ts'
import type { MachineLease, MachineService } from '../../../../electron/core/machines/types.ts'
import type { Machine } from '../../../../shared/domain/machine.ts'

const guest = { machineId: 'm1', machineName: 'debian', agent: null, qmp: null, qemuPid: 7 }

/** Machines of which one runs as `pid`, and how many leases of it are out. */
function machines(pid: number | null) {
  const out = { leases: 0, asked: [] as string[] }
  const lease = {
    machine: { pid } as Machine,
    session: { execute: async (command: string) => out.asked.push(command) },
    [Symbol.asyncDispose]: async () => {
      out.leases -= 1
    },
  } as unknown as MachineLease
  const acquire: MachineService['acquire'] = async () => {
    out.leases += 1
    return lease
  }
  return { out, acquire }
}

test('the monitor of the QEMU that was touched is lent, and given back', async () => {
  const { out, acquire } = machines(7)
  const monitor = await lendMonitor({ acquire })(guest)
  await monitor?.execute('cont')
  expect(out).toEqual({ leases: 1, asked: ['cont'] })
  await monitor?.close()
  expect(out.leases).toBe(0)
})

test('another QEMU that runs the machine now is not lent', async () => {
  const { out, acquire } = machines(8)
  await expect(lendMonitor({ acquire })(guest)).rejects.toThrow('Another QEMU')
  expect(out).toEqual({ leases: 0, asked: [] })
})

test('a machine that was taken off the list is left to a connection of its own', async () => {
  const acquire = () => Promise.reject(new FloeError('machine/unknown', 'There is no machine with the id m1.'))
  expect(await lendMonitor({ acquire })(guest)).toBeNull()
})
