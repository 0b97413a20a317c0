import { chmod, mkdtemp, rmdir, unlink } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { FloeClient } from '../gate/client.ts'
import { serveClient } from '../gate/serve.ts'
import type { Ports } from '../ports/index.ts'
import { readJsonLines, writeJsonLine } from './json-lines.ts'

/** macOS allows 104 bytes with the final zero, Linux 108; the shorter limit holds on both. */
const longestSocketPath = 103
const shortFolderPrefix = 'floe-control-'

export interface ControlServer {
  readonly path: string
  /** Takes no new connection and removes the socket; connections that are open stay. */
  stopListening(): Promise<void>
  disconnectAll(): void
  /** True while somebody is connected who would fail if this server went away: a command, not a window. */
  isNeeded(): boolean
  /** Resolves when nobody of that kind is connected, or at the abort. */
  whenUnneeded(signal: AbortSignal): Promise<void>
}

/** Serves the contract to other processes of the same user. The caller must own the home. */
export async function startControlServer(
  wishedPath: string,
  client: FloeClient,
  ports: Pick<Ports, 'logger'>,
): Promise<ControlServer> {
  const path = await freePath(wishedPath)
  const sockets = new Set<Socket>()
  const dependents = new Set<Socket>()
  const waiting = new Set<() => void>()
  const noLonger = (socket: Socket) => {
    dependents.delete(socket)
    if (dependents.size === 0) for (const tell of waiting) tell()
  }
  const server = createServer((socket) => {
    sockets.add(socket)
    dependents.add(socket)
    const served = serveClient(
      client,
      (message) => writeJsonLine(socket, message),
      (can) => (can ? noLonger(socket) : dependents.add(socket)),
    )
    readJsonLines(socket, (message) => served.receive(message))
    socket.on('error', (error) => ports.logger.warn('A control connection broke', { error: error.message }))
    socket.on('close', () => {
      sockets.delete(socket)
      noLonger(socket)
      served.close()
    })
  })
  await listening(server, path)
  server.on('error', (error) => ports.logger.error('The control socket failed', { error: error.message }))
  await chmod(path, 0o600)
  return {
    path,
    stopListening: async () => {
      // Closing waits for open connections; the socket's name is gone as soon as this returns.
      server.close()
      if (path !== wishedPath) await removeLeftSocket(path)
    },
    disconnectAll: () => {
      for (const socket of sockets) socket.destroy()
    },
    isNeeded: () => dependents.size > 0,
    whenUnneeded: (signal) =>
      new Promise((resolve) => {
        const end = () => {
          waiting.delete(end)
          signal.removeEventListener('abort', end)
          resolve()
        }
        waiting.add(end)
        signal.addEventListener('abort', end)
        if (dependents.size === 0 || signal.aborted) end()
      }),
  }
}

async function freePath(wished: string): Promise<string> {
  if (Buffer.byteLength(wished) <= longestSocketPath) {
    await removeLeftSocket(wished)
    return wished
  }
  const roomy = Buffer.byteLength(tmpdir()) < 60 ? tmpdir() : '/tmp'
  return join(await mkdtemp(join(roomy, shortFolderPrefix)), 'control.sock')
}

/** Removes the socket of an owner that is gone, with the temporary folder made for it. */
export async function removeLeftSocket(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const folder = dirname(path)
  if (!basename(folder).startsWith(shortFolderPrefix)) return
  try {
    await rmdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      server.removeListener('error', reject)
      resolve()
    })
  })
}
