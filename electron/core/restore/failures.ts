import { statfs } from 'node:fs/promises'
import { FloeError } from '../errors.ts'
import { bytesInWords } from './words.ts'

const fullDisk = /no space left|ENOSPC|disk quota exceeded|EDQUOT/i

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error ? `${error.message} ${cause.message}` : error.message
}

/** Bytes a person may still write where `folder` lies. */
export async function freeBytesAt(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

export function noSpace(folder: string, neededBytes: number, freeBytes: number, cause?: unknown): FloeError {
  const text = `There is not enough space in "${folder}": ${bytesInWords(neededBytes)} are needed, ${bytesInWords(freeBytes)} are free.`
  return new FloeError('restore/no-space', text, {
    params: { path: folder, neededBytes, freeBytes },
    remedy: 'Free some space there, or restore to a new image on another drive. Nothing was changed.',
    cause,
  })
}

export function cancelled(machineName: string): FloeError {
  return new FloeError('restore/cancelled', `The restore of ${machineName} was cancelled; all images are as before.`, {
    params: { machine: machineName },
  })
}

/** What went wrong while an image was written: a full disk, a cancellation, or the tool's own words. */
export async function buildFailure(
  error: unknown,
  about: { machineName: string; folder: string; neededBytes: number; signal: AbortSignal },
): Promise<FloeError> {
  if (about.signal.aborted) return cancelled(about.machineName)
  if (fullDisk.test(textOf(error))) {
    return noSpace(about.folder, about.neededBytes, await freeBytesAt(about.folder).catch(() => 0), error)
  }
  if (error instanceof FloeError && error.code !== 'system/tool-failed') return error
  return new FloeError('restore/build-failed', `The restored image could not be written: ${textOf(error)}`, {
    params: { path: about.folder },
    remedy: 'Nothing was changed. Look at the reason above, then try again.',
    cause: error,
  })
}
