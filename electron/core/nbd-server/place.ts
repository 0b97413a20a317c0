import { join } from 'node:path'
import type { JobId } from '../../../shared/domain/ids.ts'
import { longestSocketPath } from '../qmp/endpoint.ts'

/** A private folder with nothing but the socket in it. */
export interface SocketPlace {
  readonly socketFolder: string
  readonly socketPath: string
}

/** Where a job's NBD server listens: in Floe's own folder when its path is short enough for a socket, else in `shortDir`. */
export function socketPlace(
  jobId: JobId,
  { runDir, shortDir }: { readonly runDir: string; readonly shortDir: string },
): SocketPlace {
  const at = (folder: string) => ({ socketFolder: folder, socketPath: join(folder, 'nbd.sock') })
  const own = at(join(runDir, jobId))
  if (Buffer.byteLength(own.socketPath) <= longestSocketPath) return own
  return at(join(shortDir, `floe-${jobId}`))
}
