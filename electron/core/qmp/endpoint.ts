// A QMP endpoint in words, and the checks that need no connection.
import { stat } from 'node:fs/promises'
import type { QmpEndpoint } from '../../../shared/domain/machine.ts'
import { QmpConnectError } from './errors.ts'

/** Longest unix socket path every system takes, in bytes: macOS has room for 104 with the ending zero (models.md 1.7). */
export const longestSocketPath = 103

export function endpointText(endpoint: QmpEndpoint): string {
  return endpoint.kind === 'unix' ? endpoint.path : `${endpoint.host}:${endpoint.port}`
}

/** @throws QmpConnectError when the path cannot be a socket that Floe may use */
export async function assertSocketPath(path: string): Promise<void> {
  const params = { path }
  if (Buffer.byteLength(path) > longestSocketPath) {
    throw new QmpConnectError(
      'machine/socket-path-too-long',
      `The socket path ${path} is ${Buffer.byteLength(path)} bytes long; a socket's path ends at ${longestSocketPath}.`,
      { params, remedy: 'Start QEMU with a shorter socket path, for example in /tmp.' },
    )
  }
  const found = await stat(path).catch((error: unknown) => {
    throw connectError(error, { kind: 'unix', path })
  })
  if (!found.isSocket()) throw notASocket(path)
}

const notASocket = (path: string, cause?: unknown) =>
  new QmpConnectError('machine/not-a-socket', `${path} is not a socket.`, {
    params: { path },
    cause,
    remedy: 'Give the path that follows "unix:" in QEMU\'s -qmp option.',
  })

export function busy(endpoint: QmpEndpoint, holder: { pid: number; program: string } | null, cause?: unknown) {
  const place = endpointText(endpoint)
  const message = holder
    ? `${place} is busy: ${holder.program} (pid ${holder.pid}) uses it, and QEMU talks to one program at a time.`
    : `${place} took the connection but sent no greeting; most likely another program uses it, and QEMU talks to one at a time.`
  return new QmpConnectError('machine/busy', message, {
    params: { path: place, program: holder?.program ?? null, pid: holder?.pid ?? null },
    cause,
    remedy: 'Close that program, or start QEMU with a second -qmp socket for Floe.',
  })
}

/** Words for what the system said when Floe tried to connect. */
export function connectError(error: unknown, endpoint: QmpEndpoint): QmpConnectError {
  const code = (error as NodeJS.ErrnoException).code
  const place = endpointText(endpoint)
  const params = { path: place, reason: code ?? null }
  const details = { params, cause: error }
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new QmpConnectError('machine/socket-missing', `There is no socket at ${place}.`, {
        ...details,
        remedy: 'Check the path, and that the machine is running.',
      })
    case 'EACCES':
    case 'EPERM':
      return new QmpConnectError('machine/no-permission', `You have no permission to use the socket ${place}.`, {
        ...details,
        remedy: 'Start QEMU as the same user, or change the owner of the socket.',
      })
    case 'ENOTSOCK':
    case 'EPROTOTYPE':
      return notASocket(place, error)
    case 'EAGAIN':
      return busy(endpoint, null, error)
    case 'ECONNREFUSED':
      return new QmpConnectError('machine/refused', `Nothing listens at ${place}.`, {
        ...details,
        remedy: 'The machine is off, or QEMU was ended and left its socket file behind.',
      })
    default:
      return new QmpConnectError('machine/refused', `Floe cannot connect to ${place}: ${describe(error)}.`, details)
  }
}

const describe = (error: unknown) => (error instanceof Error ? error.message : String(error))
