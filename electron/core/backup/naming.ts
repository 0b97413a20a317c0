// Names of everything Floe creates inside a QEMU: `floe-<job id>-<kind><disk index>`. The prefix tells ours from foreign
// ones, the id tells jobs apart, and 31 characters is QEMU's limit for node names (qemu.md 2.1).
import type { JobId } from '../../../shared/domain/ids.ts'

export const ownPrefix = 'floe-'
export const longestNodeName = 31

const name = (jobId: JobId, kind: 'j' | 't' | 'f' | 'e' | 'm', index: number) => `${ownPrefix}${jobId}-${kind}${index}`

/** QEMU's block job that copies the disk. */
export const copyJobName = (jobId: JobId, index: number): string => name(jobId, 'j', index)
/** The node of the image being written. */
export const targetNodeName = (jobId: JobId, index: number): string => name(jobId, 't', index)
/** The filter QEMU puts above the source while it is copied. */
export const filterNodeName = (jobId: JobId, index: number): string => name(jobId, 'f', index)
/** Id of the NBD export through which Floe reads a disk at the instant. */
export const readingExportId = (jobId: JobId, index: number): string => name(jobId, 'e', index)
/** The node in whose bitmap Floe marks what differs from a parent point. */
export const marksNodeName = (jobId: JobId, index: number): string => name(jobId, 'm', index)
