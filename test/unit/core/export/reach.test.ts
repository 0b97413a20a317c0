import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { MachineEnded, MachineLink } from '../../../../electron/core/backup/machine-link.ts'
import { FloeError } from '../../../../electron/core/errors.ts'
import { withMachine } from '../../../../electron/core/export/reach.ts'
import type { MachineId } from '../../../../shared/domain/ids.ts'
import { freshId, quietLogger as logger } from '../../../support/core.ts'

const id = freshId<MachineId>()
const unknown = new FloeError('machine/unknown', 'There is no such machine.')

/** Machines of a list that this one was taken off; `asked` counts who wanted it. */
function offTheList() {
  let asked = 0
  const fail = () => {
    asked += 1
    throw unknown
  }
  return { machines: { acquire: async () => fail(), get: () => fail() }, asked: () => asked }
}

async function endedPid(): Promise<number> {
  const child = spawn('true')
  await once(child, 'exit')
  return child.pid as number
}

it('does not take a QEMU for gone because its machine was taken off the list', async () => {
  const { machines } = offTheList()
  const machine = { id, pid: process.pid }
  const signal = AbortSignal.abort()
  await expect(withMachine({ machines, machine, logger, signal }, async () => {})).rejects.toBe(unknown)
})

it('takes it for gone when its process is', async () => {
  const { machines } = offTheList()
  const machine = { id, pid: await endedPid() }
  const { signal } = new AbortController()
  expect(await withMachine({ machines, machine, logger, signal }, async () => {})).toBeNull()
  await expect(new MachineLink(machines, machine, logger, null).session()).rejects.toBeInstanceOf(MachineEnded)
})

it('holds on to a backup whose machine was taken off the list while its QEMU runs', async () => {
  const { machines, asked } = offTheList()
  const link = new MachineLink(machines, { id, pid: process.pid }, logger, null)
  const session = link.session()
  session.catch(() => {})
  await expect.poll(asked).toBeGreaterThan(2)
  await link.detach()
  await expect(session).rejects.toThrow()
})
