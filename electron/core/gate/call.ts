import { type CallName, calls, parseInput } from '../../../shared/ipc/contract.ts'
import { failed, ok, type Result } from '../../../shared/ipc/result.ts'
import { aborted } from '../../../shared/ipc/wire-client.ts'
import { FloeError, toProblem } from '../errors.ts'
import { newId } from '../ids.ts'
import type { Ports } from '../ports/index.ts'
import { shortText } from './short-text.ts'

export type GatePorts = Pick<Ports, 'clock' | 'logger' | 'randomBytes'>

/** One function of a handler map, its types left to the map. */
export type Handler = (input: never, signal: AbortSignal) => Promise<unknown>

export function isCallName(name: string): name is CallName {
  return Object.hasOwn(calls, name)
}

/**
 * Does for every call what no handler should have to: reads the input, times and logs, aborts, and turns whatever is
 * thrown into a `Problem`. Answers `ipc/aborted` as soon as `signal` fires, even when the handler takes no notice.
 */
export async function runCall(
  ports: GatePorts,
  name: CallName,
  handler: Handler,
  input: unknown,
  signal: AbortSignal | undefined,
): Promise<Result<unknown>> {
  const started = ports.clock.monotonic()
  const own = new AbortController()
  const relay = () => own.abort()
  if (signal?.aborted) return failed(aborted)
  signal?.addEventListener('abort', relay, { once: true })
  try {
    const parsed = readInput(name, input)
    const stopped = new Promise<never>((_, reject) => {
      own.signal.addEventListener('abort', () => reject(new Aborted()), { once: true })
    })
    const value = await Promise.race([handler(parsed as never, own.signal), stopped])
    log(ports, name, input, started, 'ok')
    return ok(value)
  } catch (error) {
    if (own.signal.aborted) {
      log(ports, name, input, started, 'ipc/aborted')
      return failed(aborted)
    }
    return failed(explain(ports, name, input, started, error))
  } finally {
    signal?.removeEventListener('abort', relay)
  }
}

class Aborted extends Error {}

/** @throws FloeError `ipc/invalid-input`, naming the field */
function readInput(name: CallName, input: unknown): unknown {
  const parsed = parseInput(name, input)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const field = issue === undefined || issue.path.length === 0 ? 'input' : issue.path.map(String).join('.')
  const reason = issue?.message ?? 'it does not look as expected'
  throw new FloeError('ipc/invalid-input', `${name} was called with a wrong ${field}: ${reason}.`, {
    params: { call: name, field, reason },
  })
}

function explain(ports: GatePorts, name: CallName, input: unknown, started: number, error: unknown) {
  const problem = toProblem(error)
  if (error instanceof FloeError) {
    log(ports, name, input, started, problem.code)
    return problem
  }
  const reference = newId(ports)
  ports.logger.error(`${name} failed unexpectedly`, {
    reference,
    input: shortText(input),
    error: error instanceof Error ? (error.stack ?? error.message) : String(error),
  })
  return {
    ...problem,
    params: { ...problem.params, reference },
    remedy: `The log has the details under the reference ${reference}.`,
  }
}

function log(ports: GatePorts, name: CallName, input: unknown, started: number, outcome: string): void {
  const milliseconds = Math.round(ports.clock.monotonic() - started)
  ports.logger.info(`${name}: ${outcome}`, { milliseconds, input: shortText(input) })
}
