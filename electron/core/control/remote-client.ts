import { connect } from 'node:net'
import { ipcVersion } from '../../../shared/ipc/channels.ts'
import type { ClientMessage, ServerMessage } from '../../../shared/ipc/wire.ts'
import { WireClient } from '../../../shared/ipc/wire-client.ts'
import { FloeError } from '../errors.ts'
import type { FloeClient } from '../gate/client.ts'
import { readJsonLines, writeJsonLine } from './json-lines.ts'

const welcomeWithinMs = 10_000

export interface RemoteClient {
  readonly client: FloeClient
  /** Resolves when the connection is over, whoever ended it. Calls without an answer have failed by then. */
  readonly closed: Promise<void>
  close(): void
}

/**
 * Connects to the owner that listens at `path`. Rejects with the system's error when nobody does, or when the owner ends
 * the connection before it has said anything (it is just leaving). `whenOwnerLeaves`: see `ClientMessage`.
 * @throws FloeError `ipc/disconnected` when the owner is silent or speaks another version
 */
export function connectToOwner(
  path: string,
  whenOwnerLeaves: 'take-over' | 'only-fail' = 'only-fail',
): Promise<RemoteClient> {
  const socket = connect(path)
  const wire = new WireClient()
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      wire.lost()
      resolve()
    })
  })
  return new Promise((resolve, reject) => {
    const silent = setTimeout(() => socket.destroy(notAnswering()), welcomeWithinMs)
    const welcome = (theirVersion: number) => {
      clearTimeout(silent)
      if (theirVersion !== ipcVersion) {
        socket.destroy(otherVersion())
        return
      }
      writeJsonLine(socket, { kind: 'when-you-leave', can: whenOwnerLeaves } satisfies ClientMessage)
      wire.connected((message) => writeJsonLine(socket, message))
      resolve({ client: clientOf(wire), closed, close: () => socket.destroy() })
    }
    socket.on('error', reject)
    socket.once('close', () => {
      clearTimeout(silent)
      reject(Object.assign(new Error('The owner ended the connection.'), { code: 'ECONNRESET' }))
    })
    readJsonLines(socket, (untrusted) => {
      const message = untrusted as ServerMessage | null
      if (message === null) return false
      if (message.kind === 'welcome') welcome(message.ipcVersion)
      else wire.receive(message)
      return true
    })
  })
}

/** The other end is our own program of the same version, so its answers are taken at their word. */
function clientOf(wire: WireClient): FloeClient {
  return {
    invoke: ((name, input, signal) => wire.call(name, input, signal)) as FloeClient['invoke'],
    invokeUnchecked: (name, input, signal) => wire.call(name, input, signal),
    subscribe: ((topic, listener) => wire.subscribe(topic, listener as never)) as FloeClient['subscribe'],
  }
}

function notAnswering(): FloeError {
  return new FloeError('ipc/disconnected', 'The Floe that runs on this home folder does not answer.', {
    remedy: 'Wait a moment and try again, or quit that Floe.',
  })
}

function otherVersion(): FloeError {
  return new FloeError('ipc/disconnected', 'Another version of Floe runs on this home folder.', {
    remedy: 'Quit that Floe, then try again.',
  })
}
