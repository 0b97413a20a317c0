// The client of the QEMU guest agent: frames, one connection, the commands Floe uses. The keeper (keeper.ts) freezes
// and thaws with it, and the guard (guard/) is the small process that thaws when Floe is gone.
import { connect, type Socket } from 'node:net'
import type { QmpEndpoint } from '../../../shared/domain/machine.ts'
import { assertSocketPath } from '../qmp/endpoint.ts'
import { AgentClient } from './client.ts'
import { AgentConnection } from './connection.ts'
import { calledOff, noAnswer, unreachable } from './errors.ts'
import { takeTurn } from './turns.ts'
import type { AgentSession, OpenAgentDeps } from './types.ts'

const defaultSyncTimeoutMs = 5_000
const defaultTurnTimeoutMs = 30_000
/** A unix socket takes a connection at once or never; this is for agents behind TCP. */
const connectTimeoutMs = 5_000

/**
 * Connects to a guest agent and synchronises. Within this process one session per socket is open at a time: others wait.
 * @throws FloeError `agent/unreachable`, `agent/no-answer`, `agent/garbage`
 */
export async function openAgent(endpoint: QmpEndpoint, deps: OpenAgentDeps): Promise<AgentSession> {
  const { signal } = deps
  const release = await takeTurn(endpoint, deps.turnTimeoutMs ?? defaultTurnTimeoutMs, signal)
  let connection: AgentConnection | null = null
  try {
    connection = new AgentConnection(await openSocket(endpoint, signal), endpoint)
    const newId = () => new DataView(Uint8Array.from(deps.randomBytes(4)).buffer).getUint32(0)
    const syncTimeoutMs = deps.syncTimeoutMs ?? defaultSyncTimeoutMs
    if (deps.synchronise === false) connection.spoil(noAnswer(endpoint, 'guest-sync-delimited', 0))
    else await connection.synchronise(newId(), syncTimeoutMs, signal)
    return new AgentClient(connection, endpoint, newId, release)
  } catch (error) {
    connection?.close()
    release()
    throw error
  }
}

async function openSocket(endpoint: QmpEndpoint, signal?: AbortSignal): Promise<Socket> {
  if (endpoint.kind === 'unix') {
    await assertSocketPath(endpoint.path).catch((error: unknown) => {
      throw unreachable(error, endpoint)
    })
  }
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(calledOff(endpoint))
    const socket =
      endpoint.kind === 'unix'
        ? connect({ path: endpoint.path })
        : connect({ host: endpoint.host, port: endpoint.port, noDelay: true, keepAlive: true })
    const settle = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      socket.off('connect', onConnect)
      socket.off('error', onError)
    }
    const fail = (error: Error) => {
      settle()
      socket.on('error', () => {})
      socket.destroy()
      reject(error)
    }
    const onConnect = () => {
      settle()
      resolve(socket)
    }
    const onError = (error: Error) => fail(unreachable(error, endpoint))
    const onAbort = () => fail(calledOff(endpoint))
    const timer = setTimeout(() => fail(noAnswer(endpoint, 'the connection', connectTimeoutMs)), connectTimeoutMs)
    signal?.addEventListener('abort', onAbort, { once: true })
    socket.once('connect', onConnect)
    socket.once('error', onError)
  })
}
