import type { Machine } from '../../../shared/domain/machine.ts'
import type { Logger } from '../ports/index.ts'

/**
 * Sets the clocks of all guests whose agent is ready: they stood still while the computer slept. One that does not take
 * it keeps its own time; nobody else waits for it.
 */
export async function setGuestClocks(
  machines: readonly Machine[],
  setTime: (machine: Machine) => Promise<void>,
  logger: Logger,
): Promise<void> {
  const ready = machines.filter(({ state, agent }) => state.kind === 'running' && agent.kind === 'ready')
  await Promise.all(
    ready.map((machine) =>
      setTime(machine).catch((error: unknown) => {
        logger.warn("A guest's clock was not set after sleep", { machine: machine.name, error: String(error) })
      }),
    ),
  )
}
