import type { JobId, PointId } from '../../../shared/domain/ids.ts'

/** Id of a disk's NBD export inside QEMU: ours by its prefix, one job's by its id. */
export const exportId = (jobId: JobId, index: number): string => `floe-${jobId}-e${index}`

/** The frozen bitmap that tells an export's readers what changed since a point; the same on every disk. */
export const sinceBitmap = (pointId: PointId): string => `floe-since-${pointId}`

const escaped = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)

/** As every NBD client takes it (https://github.com/NetworkBlockDevice/nbd/blob/master/doc/uri.md). */
export const exportUri = (socketPath: string, exportName: string): string =>
  `nbd+unix:///${escaped(exportName)}?socket=${escaped(socketPath)}`
