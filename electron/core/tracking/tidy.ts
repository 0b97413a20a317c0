// Takes Floe's bitmaps out of the guest's images when no restore point needs them any more. Bitmaps of others, and of
// other destinations, stay.
import type { DestinationId } from '../../../shared/domain/ids.ts'
import { FloeError } from '../errors.ts'
import { removeBitmap, type ToolOptions } from '../qemu-img/index.ts'
import { QmpExecuteError } from '../qmp/errors.ts'
import type { QmpSession } from '../qmp/types.ts'
import { parseBitmapName, withoutEndMark } from './naming.ts'
import { type OfflineDisk, storedNames } from './offline-reading.ts'
import { readTracking, type TrackedDisk } from './reading.ts'
import type { DiskTracking } from './types.ts'

const isOf = (name: string, destinations: readonly DestinationId[]): boolean => {
  const parsed = parseBitmapName(name)
  return parsed !== null && destinations.includes(parsed.destinationId)
}

/** Bitmaps of this destination whose names are not in `keep`, with their end marks. Those in use by a job are not among them. */
export const staleBitmaps = (
  tracking: DiskTracking,
  destinationId: DestinationId,
  keep: ReadonlySet<string>,
): readonly string[] =>
  tracking.bitmaps
    .filter(({ name, busy }) => !busy && isOf(name, [destinationId]) && !keep.has(withoutEndMark(name)))
    .map(({ name }) => name)

/**
 * Removes bitmaps one by one, inconsistent ones too, while the guest runs. One that is gone, in use or on a node that is
 * gone is passed over. Answers the names that were removed.
 * @throws the session's errors but those of single bitmaps
 */
export async function removeBitmaps(
  session: QmpSession,
  node: string,
  names: readonly string[],
): Promise<readonly string[]> {
  const removed: string[] = []
  for (const name of names) {
    try {
      await session.execute('block-dirty-bitmap-remove', { node, name })
      removed.push(name)
    } catch (error) {
      if (!(error instanceof QmpExecuteError)) throw error
    }
  }
  return removed
}

/** Bitmaps, their end marks among them. */
export interface Removed {
  readonly removed: number
  /** Are none of them left on these disks? */
  readonly all: boolean
}

/** When a machine or a destination is removed. @throws the session's errors */
export async function removeAllOf(
  session: QmpSession,
  disks: readonly TrackedDisk[],
  destinationIds: readonly DestinationId[],
): Promise<Removed> {
  const tracking = await readTracking(session, disks)
  let [removed, found] = [0, 0]
  for (const { id, node } of disks) {
    if (node === null) continue
    const names = (tracking.get(id)?.bitmaps ?? []).map(({ name }) => name)
    const ours = names.filter((name) => isOf(name, destinationIds))
    found += ours.length
    removed += (await removeBitmaps(session, node, ours)).length
  }
  return { removed, all: removed === found }
}

export interface OffRemoval extends ToolOptions {
  /** Asked right before an image is written, each time; throws when its machine may run again. */
  readonly assertOff: () => Promise<void>
}

/**
 * The same for a machine that is off. Images that somebody has open, or that are not there, are passed over.
 * @throws FloeError `system/tool-missing`, `system/interrupted`; what `assertOff` throws
 */
export async function removeAllOfImages(
  disks: readonly OfflineDisk[],
  destinationIds: readonly DestinationId[],
  { assertOff, ...options }: OffRemoval,
): Promise<Removed> {
  let [removed, stayed] = [0, 0]
  for (const { imagePath, format } of disks) {
    if (imagePath === null || format !== 'qcow2') continue
    const names = await unlessUnreadable(storedNames(imagePath, options))
    if (names === null) stayed += 1
    for (const name of names ?? []) {
      if (!isOf(name, destinationIds)) continue
      await assertOff()
      if (await taken(imagePath, name, options)) removed += 1
      else stayed += 1
    }
  }
  return { removed, all: stayed === 0 }
}

const taken = async (path: string, name: string, options: ToolOptions): Promise<boolean> =>
  (await unlessUnreadable(removeBitmap(path, name, options).then(() => name))) !== null

/** Null when the tool refused the image. */
async function unlessUnreadable<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work
  } catch (error) {
    if (error instanceof FloeError && error.code === 'system/tool-failed') return null
    throw error
  }
}
