// A full destination is a reason to wait, not to fail, as long as it can only hurt the copy: then QEMU's job stands still
// (on-target-error=stop) until there is room. What a full file system would do to the guest decides (qemu.md 2.2).
import { stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Done } from './problems.ts'

const mebibyte = 1 << 20
/** An image's own tables need room too, also when all data is there. */
const leastNeeded = 4 * mebibyte

/** What must be free before it is worth going on: what is still to copy and a tenth more. Bytes. */
export function neededBytes({ doneBytes, totalBytes }: Done): number {
  const left = Math.max(0, totalBytes - doneBytes)
  return Math.max(leastNeeded, left + Math.ceil(left / 10))
}

/** The file system of a folder. Bytes; `device` as the system numbers it. */
export interface FileSystemRoom {
  readonly device: number
  readonly totalBytes: number
  readonly freeBytes: number
}

/** Null when the folder is gone or the system does not tell. */
export async function roomAt(folder: string): Promise<FileSystemRoom | null> {
  try {
    const [{ dev }, { blocks, bavail, bsize }] = await Promise.all([stat(folder), statfs(folder)])
    return { device: dev, totalBytes: blocks * bsize, freeBytes: bavail * bsize }
  } catch {
    return null
  }
}

/**
 * Do two folders share their free space? The same file system, or two volumes of one APFS container or btrfs pool, which
 * have different numbers and tell the same size and the same room.
 */
export function shareSpace(a: FileSystemRoom, b: FileSystemRoom): boolean {
  if (a.device === b.device) return true
  return a.totalBytes > 0 && a.totalBytes === b.totalBytes && Math.abs(a.freeBytes - b.freeBytes) <= mebibyte
}

/** Would a full file system at `target` hit the guest: does one of its images, or of the scratch images, lie there too? */
export async function wouldHitGuest(target: string, others: readonly string[]): Promise<boolean> {
  const room = await roomAt(dirname(target))
  if (room === null) return false
  const rooms = await Promise.all(others.map((path) => roomAt(dirname(path))))
  return rooms.some((other) => other !== null && shareSpace(room, other))
}

/** Whether to go on, from one look to the next. */
export interface SpacePause {
  /** Free when it was last tried in vain; null before. */
  readonly triedWith: number | null
}

export type SpaceDecision = { readonly resume: boolean; readonly next: SpacePause }

/**
 * `full`: the job stands still for lack of room. Tried once there is enough; when QEMU then finds it full all the same (a
 * quota, say), not again before there is more.
 */
export function decideSpace(
  before: SpacePause,
  look: { readonly full: boolean; readonly held: boolean; readonly needed: number; readonly free: number | null },
): SpaceDecision {
  const { full, held, needed, free } = look
  if (!full) return { resume: false, next: before }
  const more = free !== null && (before.triedWith === null || free >= before.triedWith + leastNeeded)
  if (held || free === null || free <= needed || !more) return { resume: false, next: forgetWhenFuller(before, free) }
  return { resume: true, next: { triedWith: free } }
}

export const neverTried: SpacePause = { triedWith: null }

/** Somebody filled the drive further: room that comes back counts as new. */
function forgetWhenFuller(before: SpacePause, free: number | null): SpacePause {
  if (before.triedWith === null || free === null || free >= before.triedWith) return before
  return { triedWith: free < leastNeeded ? null : free }
}
