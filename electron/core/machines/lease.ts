import type { Discovery } from '../../../shared/ipc/contract.ts'
import { FloeError } from '../errors.ts'
import { errorOfState } from './states.ts'
import type { TrackedMachine } from './tracked-machine.ts'
import type { MachineLease } from './types.ts'

const nothingThere = new Set(['machine/socket-missing', 'machine/refused', 'machine/closed-in-greeting'])

/**
 * Lends the machine's connection, opening it when needed.
 * @param how `look` looks at the system anew; `hold` tells whether the connection may stay open afterwards
 * @throws FloeError that names the machine's state and what to do
 */
export async function lend(
  machine: TrackedMachine,
  how: { readonly look: () => Promise<Discovery>; readonly hold: () => boolean },
): Promise<MachineLease> {
  const done = machine.link.use(how.hold)
  try {
    const { kind } = machine.state
    if (machine.link.session === null && (kind === 'off' || kind === 'unplugged' || machine.endpoints().length === 0)) {
      await how.look()
    }
    let error = machine.endpoints().length > 0 ? await machine.connect() : null
    // Nothing listens although a process was there a moment ago: most likely it has just ended.
    if (error && nothingThere.has(error.code)) {
      await how.look()
      if (machine.link.session !== null) error = null
    }
    const { session } = machine.link
    if (error || session === null) {
      const general = errorOfState(machine.entry.name, machine.state)
      throw general ?? error ?? new FloeError('machine/interrupted', `${machine.entry.name} ended the connection.`)
    }
    return {
      machine: machine.view(),
      session,
      actions: machine.process?.line.actions ?? null,
      inventory: () => machine.inventory(session),
      [Symbol.asyncDispose]: async () => done(),
    }
  } catch (error) {
    done()
    throw error
  }
}
