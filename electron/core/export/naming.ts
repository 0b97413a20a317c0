import type { JobId } from '../../../shared/domain/ids.ts'

/** Id of a disk's NBD export inside QEMU: ours by its prefix, one job's by its id. */
export const exportId = (jobId: JobId, index: number): string => `floe-${jobId}-e${index}`

const escaped = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)

/** As every NBD client takes it (https://github.com/NetworkBlockDevice/nbd/blob/master/doc/uri.md). */
export const exportUri = (socketPath: string, exportName: string): string =>
  `nbd+unix:///${escaped(exportName)}?socket=${escaped(socketPath)}`
