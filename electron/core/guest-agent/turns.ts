// QEMU serves one client per agent socket, and a second one only waits there without a word. So inside Floe whoever
// wants an agent waits for its turn here, where the wait can be told apart from an agent that does not answer.
import type { QmpEndpoint } from '../../../shared/domain/machine.ts'
import { endpointText } from '../qmp/endpoint.ts'
import { calledOff, takenByFloe } from './errors.ts'

/** Who waits for each socket that is in use. */
const queues = new Map<string, (() => void)[]>()

/**
 * Waits until nobody else in this process uses the endpoint; answers what gives it free again.
 * @throws FloeError `agent/no-answer` after `timeoutMs`
 */
export async function takeTurn(endpoint: QmpEndpoint, timeoutMs: number, signal?: AbortSignal): Promise<() => void> {
  const place = endpointText(endpoint)
  const queue = queues.get(place)
  if (!queue) queues.set(place, [])
  else await waitIn(queue, endpoint, timeoutMs, signal)
  let held = true
  return () => {
    if (!held) return
    held = false
    const next = queues.get(place)?.shift()
    if (next) next()
    else queues.delete(place)
  }
}

function waitIn(queue: (() => void)[], endpoint: QmpEndpoint, timeoutMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (error: Error) => {
      settle()
      queue.splice(queue.indexOf(called), 1)
      reject(error)
    }
    const called = () => {
      settle()
      resolve()
    }
    const onAbort = () => leave(calledOff(endpoint))
    const timer = setTimeout(() => leave(takenByFloe(endpoint, timeoutMs)), timeoutMs)
    const settle = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    queue.push(called)
  })
}
