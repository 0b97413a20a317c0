import type { HostCallName, HostInfo } from '../../../shared/ipc/contract.ts'
import { ok, type Result } from '../../../shared/ipc/result.ts'
import { type GatePorts, type Handler, isCallName, runCall } from './call.ts'
import type { FloeClient } from './client.ts'
import type { Handlers } from './handlers.ts'

/**
 * A host's own calls beside those of the core, through the same gate. `can` becomes part of `app.hello`, because only
 * the host knows it: the core behind the client may live in another program.
 */
export function withHostCalls(
  client: FloeClient,
  host: { readonly handlers: Handlers<HostCallName>; readonly can: HostInfo['can']; readonly ports: GatePorts },
): FloeClient {
  const handlers: Readonly<Record<string, Handler>> = host.handlers
  const invoke = async (name: string, input: unknown, signal?: AbortSignal): Promise<Result<unknown>> => {
    const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined
    if (isCallName(name) && handler !== undefined) return runCall(host.ports, name, handler, input, signal)
    const result = await client.invokeUnchecked(name, input, signal)
    if (name !== 'app.hello' || !result.ok) return result
    return ok({ ...(result.value as HostInfo), can: host.can })
  }
  return {
    invoke: invoke as FloeClient['invoke'],
    invokeUnchecked: invoke,
    subscribe: (topic, listener) => client.subscribe(topic, listener),
  }
}
