import type { Machine } from '../../../shared/domain/machine.ts'
import type { Logger } from '../ports/index.ts'

/**
 * Sets the clocks of all guests that have an agent: they stood still while the computer slept. One that does not take
 * it keeps its own time; nobody else waits for it. What was known of an agent before a long sleep counts no more, so
 * `setTime` asks it first.
 */
export async function setGuestClocks(
  machines: readonly Machine[],
  setTime: (machine: Machine) => Promise<void>,
  logger: Logger,
): Promise<void> {
  const withAgent = machines.filter(({ state, agentPath }) => state.kind === 'running' && agentPath !== null)
  await Promise.all(
    withAgent.map((machine) =>
      setTime(machine).catch((error: unknown) => {
        logger.warn("A guest's clock was not set after sleep", { machine: machine.name, error: String(error) })
      }),
    ),
  )
}
