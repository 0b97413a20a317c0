// Two Floes with homes of their own may know the same machine. While one of them swaps an image, a small file beside it
// keeps the other out: their renames would otherwise meet, and one could take the other's undo copy for its own.
import { open, readFile, unlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import { z } from 'zod'
import { FloeError } from '../errors.ts'
import type { RestoreRecord } from './journal.ts'
import { swapLockOf } from './names.ts'

const Holder = z.object({ restoreId: z.string(), host: z.string(), pid: z.number() })
type Holder = z.infer<typeof Holder>

async function holderOf(lock: string): Promise<Holder | null> {
  try {
    return Holder.parse(JSON.parse(await readFile(lock, 'utf8')))
  } catch {
    return null
  }
}

/**
 * Takes the locks of all images or of none. A lock that an earlier restore of this home left is taken over.
 * @throws FloeError `restore/image-shared` when another Floe holds one
 */
export async function lockImages(record: RestoreRecord, isOurs: (restoreId: string) => boolean): Promise<void> {
  const text = JSON.stringify({ restoreId: record.id, host: hostname(), pid: process.pid } satisfies Holder)
  try {
    for (const { imagePath } of record.disks) await lockOne(imagePath, text, isOurs)
  } catch (error) {
    await unlockImages(record)
    throw error
  }
}

async function lockOne(imagePath: string, text: string, isOurs: (restoreId: string) => boolean): Promise<void> {
  const lock = swapLockOf(imagePath)
  const create = async () => {
    const handle = await open(lock, 'wx', 0o600)
    try {
      await handle.writeFile(text)
    } finally {
      await handle.close()
    }
  }
  try {
    await create()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const holder = await holderOf(lock)
    if (holder === null || !isOurs(holder.restoreId)) throw heldByAnother(imagePath, lock, holder)
    await unlink(lock)
    await create()
  }
}

function heldByAnother(imagePath: string, lock: string, holder: Holder | null): FloeError {
  const who = holder === null ? 'Another Floe' : `Another Floe (process ${holder.pid} on ${holder.host})`
  return new FloeError('restore/image-shared', `${who} is swapping "${imagePath}", or was interrupted while it did.`, {
    params: { path: imagePath, lock },
    remedy: `Wait for it, or start that Floe again so that it can finish. If it is gone for good, delete "${lock}".`,
  })
}

/** Gives back the locks that this restore holds; those of others stay. */
export async function unlockImages(record: RestoreRecord): Promise<void> {
  for (const { imagePath } of record.disks) {
    const lock = swapLockOf(imagePath)
    if ((await holderOf(lock))?.restoreId === record.id) await unlink(lock)
  }
}
