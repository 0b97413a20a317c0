// An NBD server in front of QEMU's. Before 8.0, QEMU answers requests for a snapshot that span several clusters of the
// copy-before-write filter with data from after the instant (docs/qmp.md, Fleecing), and no reader knows that. So readers
// connect here, may ask for what they like, and QEMU is asked for one cluster at a time.
import { createServer, type Socket } from 'node:net'
import { NbdClient } from '../nbd/client.ts'
import { ReaderConnection } from './connection.ts'
import type { Offer } from './offers.ts'

/** As many as QEMU's own server takes by default (`max-connections`). */
const mostReaders = 100

export interface ProxiedExport {
  readonly name: string
  /** A dirty bitmap that the server behind tells about; null for none. */
  readonly dirtyBitmap: string | null
}

export interface ProxyOptions {
  /** Where readers connect: in a folder that is private already. */
  readonly socketPath: string
  /** Where the server behind listens. */
  readonly upstreamPath: string
  readonly exports: readonly ProxiedExport[]
}

export interface NbdProxy {
  /** Ends every reader. Nothing listens and the socket is gone when it resolves. Repeatable. */
  close(): Promise<void>
}

/**
 * Serves exports of another server read-only, each reader over a connection of its own to it; the end of that one is the
 * end of the reader's.
 * @throws NbdConnectionError, NbdServerError (the server behind), or Node's own error when it cannot listen
 */
export async function startNbdProxy({ socketPath, upstreamPath, exports }: ProxyOptions): Promise<NbdProxy> {
  const open = ({ name, dirtyBitmap }: ProxiedExport) =>
    NbdClient.connect(upstreamPath, { exportName: name, ...(dirtyBitmap === null ? {} : { dirtyBitmap }) })
  const offers: Offer[] = []
  for (const wanted of exports) {
    const client = await open(wanted)
    offers.push({ ...wanted, size: client.size, tellsAllocation: client.knowsZeroes })
    client.close()
  }
  const readers = new Map<Socket, ReaderConnection>()
  const server = createServer((socket) => {
    readers.set(socket, new ReaderConnection(socket, offers, open))
    socket.once('close', () => readers.delete(socket))
  })
  server.maxConnections = mostReaders
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(socketPath, resolve)
  })
  const closed = new Promise<void>((resolve) => server.once('close', resolve))
  return {
    close: async () => {
      server.close()
      for (const reader of readers.values()) reader.end()
      await closed
    },
  }
}
