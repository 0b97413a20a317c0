import { rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Point } from '../../../shared/domain/point.ts'
import { FloeError } from '../errors.ts'
import { syncFolder } from './durable-file.ts'
import { deletingPrefix } from './names.ts'
import { hiddenFolders, occupiedBytes } from './partials.ts'
import { assertOwnFolder } from './plain-file.ts'

/**
 * Deletes a point's folder. It is renamed first: a deletion that is cut short leaves no half a point in the list, and
 * `finishDeletions` ends it later. Answers the bytes its files occupied.
 * @throws FloeError `point/delete-failed`
 */
export async function deletePointFolder(point: Point): Promise<number> {
  const doomed = join(dirname(point.path), `${deletingPrefix}${point.id}`)
  try {
    for (const folder of [dirname(dirname(point.path)), dirname(point.path), point.path]) await assertOwnFolder(folder)
    const bytes = await occupiedBytes(point.path)
    await rename(point.path, doomed)
    await syncFolder(dirname(doomed))
    await rm(doomed, { recursive: true, force: true })
    await syncFolder(dirname(doomed))
    return bytes
  } catch (error) {
    throw new FloeError(
      'point/delete-failed',
      `The restore point "${basename(point.path)}" could not be deleted: ${(error as Error).message}`,
      { params: { id: point.id, path: point.path }, remedy: 'Check the destination and try again.', cause: error },
    )
  }
}

/** Ends deletions that a crash cut short, by whichever Floe. Answers the bytes that were freed. */
export async function finishDeletions(destination: string): Promise<number> {
  let bytes = 0
  for (const folder of await hiddenFolders(destination, deletingPrefix)) {
    bytes += await occupiedBytes(folder).catch(() => 0)
    await rm(folder, { recursive: true, force: true })
  }
  return bytes
}
