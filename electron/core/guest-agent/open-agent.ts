// The client of the QEMU guest agent: frames, one connection, the commands Floe uses. The keeper (keeper.ts) freezes
// and thaws with it, and the guard (guard/) is the small process that thaws when Floe is gone.
import type { Socket } from 'node:net'
import type { QmpEndpoint } from '../../../shared/domain/machine.ts'
import { assertSocketPath } from '../qmp/endpoint.ts'
import { openSocket } from '../qmp/open-socket.ts'
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
    connection = new AgentConnection(await openAgentSocket(endpoint, signal), endpoint)
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

async function openAgentSocket(endpoint: QmpEndpoint, signal?: AbortSignal): Promise<Socket> {
  if (endpoint.kind === 'unix') {
    await assertSocketPath(endpoint.path).catch((error: unknown) => {
      throw unreachable(error, endpoint)
    })
  }
  return openSocket(endpoint, {
    timeoutMs: connectTimeoutMs,
    signal,
    errors: {
      late: () => noAnswer(endpoint, 'the connection', connectTimeoutMs),
      aborted: () => calledOff(endpoint),
      failed: (error) => unreachable(error, endpoint),
    },
  })
}
