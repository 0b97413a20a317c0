// The gate: the only way from a host to the core. It finds the handler by name, and `call.ts` does the rest for every
// call alike: parse, time, log, abort, errors into `Result`. Topics leave through it at most four times a second
// (`push.ts`). `host-calls.ts` adds the few calls that a host answers itself.
import type { CoreCallName } from '../../../shared/ipc/contract.ts'
import { failed, type Result } from '../../../shared/ipc/result.ts'
import { FloeError, toProblem } from '../errors.ts'
import type { Topics } from '../topics/topic.ts'
import { type GatePorts, type Handler, isCallName, runCall } from './call.ts'
import type { FloeClient } from './client.ts'
import type { Handlers } from './handlers.ts'
import { paced } from './push.ts'

/** The core of this process as a client. Nothing it answers is an exception. */
export function createGate(deps: {
  readonly handlers: Handlers<CoreCallName>
  readonly topics: Topics
  readonly ports: GatePorts
}): FloeClient {
  const handlers: Readonly<Record<string, Handler>> = deps.handlers
  const invoke = (name: string, input: unknown, signal?: AbortSignal): Promise<Result<unknown>> => {
    const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined
    if (!isCallName(name) || handler === undefined) return Promise.resolve(unknownCall(name))
    return runCall(deps.ports, name, handler, input, signal)
  }
  return {
    invoke: invoke as FloeClient['invoke'],
    invokeUnchecked: invoke,
    subscribe: (topic, listener) =>
      paced(deps.ports.clock, deps.topics[topic], (message) => {
        try {
          listener(message)
        } catch (error) {
          // Some of this runs from timers, where an exception would end the whole process.
          deps.ports.logger.error(`A listener of the topic ${topic} failed`, { error })
        }
      }),
  }
}

export function unknownCall(name: string): Result<never> {
  const short = String(name).slice(0, 80)
  return failed(
    toProblem(new FloeError('ipc/unknown-call', `Floe knows no call named ${short}.`, { params: { call: short } })),
  )
}
