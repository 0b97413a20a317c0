// Where the readers of an export connect: to QEMU itself, or to Floe in front of a QEMU that would tell them what is
// not of the instant.
import { join } from 'node:path'
import { type NbdProxy, startNbdProxy } from '../nbd-proxy/proxy.ts'
import type { ExportRecord } from './journal.ts'
import { readsSnapshotsRight } from './reads-right.ts'
import type { Since } from './since.ts'

type Sockets = Pick<ExportRecord, 'socketFolder' | 'socketPath' | 'readerSocketPath'>

/** The sockets of an export that shows an instant of a running machine. */
export function socketsFor(
  qemuVersion: string,
  { socketFolder, socketPath }: Omit<Sockets, 'readerSocketPath'>,
): Sockets {
  return readsSnapshotsRight(qemuVersion)
    ? { socketFolder, socketPath, readerSocketPath: null }
    : { socketFolder, socketPath: join(socketFolder, 'vm.sock'), readerSocketPath: socketPath }
}

export const readerSocket = ({ socketPath, readerSocketPath }: Omit<Sockets, 'socketFolder'>): string =>
  readerSocketPath ?? socketPath

/** Null where QEMU serves them itself. @throws NbdConnectionError, NbdServerError */
export async function openToReaders(record: ExportRecord, since: Since | null): Promise<NbdProxy | null> {
  if (record.readerSocketPath === null) return null
  return startNbdProxy({
    socketPath: record.readerSocketPath,
    upstreamPath: record.socketPath,
    exports: record.disks.map(({ id }) => ({ name: id, dirtyBitmap: since?.name ?? null })),
  })
}
