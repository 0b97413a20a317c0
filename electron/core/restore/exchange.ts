// The renames of a swap: every disk or none. The image's path never vanishes where hard links exist: the old image gets
// its undo name first, then the incoming one is renamed over it. Each function looks at the files before it acts, so it
// can be repeated after a crash at any point.
import { link, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncFolder } from '../ports/sync-folder.ts'
import type { JournalDisk, RestoreRecord } from './journal.ts'
import { areOneFile, isSameFile, look, type Stamp } from './stamp.ts'
import type { StepHook } from './types.ts'

/**
 * Where a disk is on its way: `old` untouched, `linked` the old image also has its undo name, `away` the old image is
 * under its undo name only, `new` the incoming image is in place, `foreign` another file lies there.
 */
export type DiskPlace = 'old' | 'linked' | 'away' | 'new' | 'foreign'

/** Codes of file systems that cannot make hard links, or not for this user (protected_hardlinks). */
const noLinks = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV', 'EINVAL']

function stamps(disk: JournalDisk): { old: Stamp; incoming: Stamp } {
  if (disk.old === null || disk.incoming === null) throw new Error(`The journal of "${disk.imagePath}" has no stamps`)
  return { old: disk.old, incoming: disk.incoming }
}

/** Reads from the files, not from the journal, how far a disk got. */
export async function placeOf(disk: JournalDisk): Promise<DiskPlace> {
  const { old, incoming } = stamps(disk)
  const image = await look(disk.imagePath)
  if (image === null) return (await isSameFile(disk.undoPath, old)) ? 'away' : 'foreign'
  const isOld = image.inode === old.inode || (image.inode !== incoming.inode && (await isSameFile(disk.imagePath, old)))
  if (isOld) return (await areOneFile(disk.imagePath, disk.undoPath)) ? 'linked' : 'old'
  return (await isSameFile(disk.imagePath, incoming)) ? 'new' : 'foreign'
}

async function keepUnderSecondName(path: string, second: string): Promise<void> {
  try {
    await link(path, second)
  } catch (error) {
    if (!noLinks.includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    if ((await look(second)) !== null) throw new Error(`"${second}" exists already.`)
    await rename(path, second)
  }
}

/** Brings one disk forward, from wherever it is. Rejects with the system's error. */
export async function putInPlace(disk: JournalDisk, step: StepHook, label: string): Promise<void> {
  const folder = dirname(disk.imagePath)
  const place = await placeOf(disk)
  if (place === 'foreign') throw new Error(`"${disk.imagePath}" is not the image that was there.`)
  if (place === 'old') {
    step(`keep-${label}`)
    await keepUnderSecondName(disk.imagePath, disk.undoPath)
    step(`sync-kept-${label}`)
    await syncFolder(folder)
  }
  if (place !== 'new') {
    step(`rename-${label}`)
    await rename(disk.incomingPath, disk.imagePath)
  }
  step(`sync-renamed-${label}`)
  await syncFolder(folder)
}

/** Brings one disk back. `keepIncoming`: the incoming image is an undo copy and gets its name back. */
export async function takeBack(disk: JournalDisk, keepIncoming: boolean, step: StepHook, label: string): Promise<void> {
  const place = await placeOf(disk)
  step(`back-${label}`)
  if (place === 'foreign') throw new Error(`"${disk.imagePath}" is not the image that was there.`)
  if (place === 'linked') await unlink(disk.undoPath)
  if (place === 'new') {
    if (!(await isSameFile(disk.undoPath, stamps(disk).old))) throw new Error(`"${disk.undoPath}" is not there.`)
    if (keepIncoming && !(await areOneFile(disk.imagePath, disk.incomingPath))) {
      await keepUnderSecondName(disk.imagePath, disk.incomingPath)
      await syncFolder(dirname(disk.imagePath))
    }
  }
  if (place === 'new' || place === 'away') await rename(disk.undoPath, disk.imagePath)
  await syncFolder(dirname(disk.imagePath))
}

/** An undo's incoming images are undo copies: they are never deleted. */
export function ownsIncoming(record: RestoreRecord): boolean {
  return record.undoes === null
}

export async function putAllInPlace(record: RestoreRecord, step: StepHook): Promise<void> {
  for (const [index, disk] of record.disks.entries()) await putInPlace(disk, step, String(index))
}

/** Takes all disks back, in reverse order; tries every one before it rejects with the first failure. */
export async function takeAllBack(record: RestoreRecord, step: StepHook): Promise<void> {
  const failures: unknown[] = []
  for (const [index, disk] of [...record.disks.entries()].reverse()) {
    await takeBack(disk, !ownsIncoming(record), step, String(index)).catch((error) => failures.push(error))
  }
  if (failures.length > 0) throw failures[0]
  await removeBuilt(record, step)
}

/** Removes images that were built and are not used. Never an undo copy, never a machine's image. */
export async function removeBuilt(record: RestoreRecord, step: StepHook): Promise<void> {
  if (!ownsIncoming(record)) return
  for (const disk of record.disks) {
    if ((await look(disk.incomingPath)) === null) continue
    step('remove-built')
    await unlink(disk.incomingPath)
    await syncFolder(dirname(disk.incomingPath))
  }
}
