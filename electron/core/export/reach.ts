// The machine of an export, reached when it is needed and let go again: other programs may want its monitor meanwhile.
import { setTimeout as wait } from 'node:timers/promises'
import type { MachineId } from '../../../shared/domain/ids.ts'
import type { ProblemCode } from '../../../shared/errors/codes.ts'
import { FloeError } from '../errors.ts'
import { goneCodes } from '../machines/gone.ts'
import type { MachineLease, MachineService } from '../machines/types.ts'
import type { Logger } from '../ports/index.ts'
import { processIdentity } from '../ports/process-identity.ts'

const passingCodes: ReadonlySet<ProblemCode> = new Set(['machine/interrupted', 'machine/timeout', ...goneCodes])

const quickRetryMs = 200
const quickRetries = 10
const slowRetryMs = 3_000

interface Reached {
  readonly machines: Pick<MachineService, 'acquire' | 'get'>
  readonly logger: Logger
  readonly machine: { readonly id: MachineId; readonly pid: number | null }
  /** Ends the tries. */
  readonly signal: AbortSignal
}

/** A connection to the machine, or null when it is off. @throws FloeError when it is not off and cannot be reached */
export async function acquireUnlessOff(
  machines: Pick<MachineService, 'acquire' | 'get'>,
  id: MachineId,
): Promise<MachineLease | null> {
  try {
    return await machines.acquire(id)
  } catch (error) {
    if (error instanceof FloeError && error.code === 'machine/off' && machines.get(id).state.kind === 'off') return null
    throw error
  }
}

/** Does the process that served the export still run, as far as the system tells? A machine off the list may. */
async function stillRuns({ machines, machine }: Reached): Promise<boolean> {
  if (machine.pid === null) return false
  try {
    return machines.get(machine.id).pid === machine.pid
  } catch {
    return (await processIdentity(machine.pid)) !== null
  }
}

/**
 * Does something that may be repeated with the machine, for as long as its QEMU runs and the connection does not stand.
 * Answers null when that QEMU is gone.
 * @throws what `work` throws, and what kept the machine from being reached once `signal` fires
 */
export async function withMachine<T>(
  reached: Reached,
  work: (lease: MachineLease) => Promise<T>,
): Promise<{ readonly value: T } | null> {
  const { machines, machine, signal, logger } = reached
  for (let attempt = 1; ; attempt += 1) {
    try {
      await using lease = await machines.acquire(machine.id)
      return { value: await work(lease) }
    } catch (error) {
      if (!(error instanceof FloeError)) throw error
      if (goneCodes.has(error.code) && !(await stillRuns(reached))) return null
      const passes = passingCodes.has(error.code) || error.code === 'machine/busy' || error.code === 'machine/silent'
      if (!passes || signal.aborted) throw error
      logger.warn('Cannot reach a machine that an export is to be removed from; trying again', {
        attempt,
        error: error.message,
      })
    }
    await wait(attempt <= quickRetries ? quickRetryMs : slowRetryMs, undefined, { signal }).catch(() => {})
  }
}
