// The moment of a swap, the same for a restore and for an undo: note what is meant, rename all or none, look whether
// somebody opened an image in between, note that it is done.
import { existsSync } from 'node:fs'
import { FloeError } from '../errors.ts'
import type { RestoreContext } from './context.ts'
import { putAllInPlace, removeBuilt, takeAllBack } from './exchange.ts'
import type { JournalDisk, RestoreRecord } from './journal.ts'
import { undoPathOf } from './names.ts'
import { stampOf } from './stamp.ts'
import { lockImages, unlockImages } from './swap-lock.ts'
import { listInWords } from './words.ts'

type Context = Pick<RestoreContext, 'machines' | 'records' | 'ports' | 'step'>

/**
 * Swaps every disk of `record`. Answers a sentence when the swap is complete and only the note of it failed.
 * @throws FloeError `restore/rename-failed`, `restore/machine-running`; all images are as before then, unless
 * `params.rolledBack` is false
 */
export async function exchange(context: Context, record: RestoreRecord): Promise<string | null> {
  const { records, step } = context
  const swapping = await announce(context, record).catch(async (error) => {
    await abandon(context, record)
    throw error
  })
  try {
    await putAllInPlace(swapping, step)
    await assertNobodyOpened(context, swapping)
  } catch (error) {
    await takeBackOrGetStuck(context, swapping, error)
    throw error instanceof FloeError ? error : renameFailed(swapping, error, true)
  }
  await unlock(context, swapping)
  step('journal-done')
  const done: RestoreRecord = { ...swapping, state: { kind: 'done' } }
  try {
    await records.save(done)
  } catch (error) {
    context.ports.logger.error('A swap is complete but could not be noted', { restore: record.id, error })
    await records.adopt(done)
    return 'The images are swapped, but Floe could not note it in its home folder; it will at its next start.'
  }
  return null
}

/**
 * Locks the images against other Floes and notes what is about to happen, with what each file looks like before it. An
 * undo name that was taken since it was chosen is chosen anew.
 */
async function announce({ records, ports, step }: Context, record: RestoreRecord): Promise<RestoreRecord> {
  // An undo has no journal until now; without one, a lock that a crash leaves would be nobody's.
  if (record.undoes !== null) await records.save(record)
  await lockImages(record, (id) => records.knows(id))
  const disks: JournalDisk[] = []
  const taken = (path: string) => existsSync(path) || disks.some((other) => other.undoPath === path)
  for (const disk of record.disks) {
    const { imagePath } = disk
    const undoPath = taken(disk.undoPath) ? undoPathOf(imagePath, ports.clock.now(), taken) : disk.undoPath
    disks.push({ ...disk, undoPath, old: await stampOf(imagePath), incoming: await stampOf(disk.incomingPath) })
  }
  const swapping: RestoreRecord = { ...record, disks, state: { kind: 'swapping' } }
  step('journal-swapping')
  await records.save(swapping)
  return swapping
}

/** A lock that stays keeps only other Floes out; this home takes it over. */
async function unlock({ ports }: Pick<Context, 'ports'>, record: RestoreRecord): Promise<void> {
  await unlockImages(record).catch((error: unknown) => {
    ports.logger.warn('The lock of a swap could not be removed', { restore: record.id, error: String(error) })
  })
}

/**
 * Clears away a swap that never began. A failure is only logged: the journal stays then, and the next start clears up.
 */
export async function abandon({ records, step, ports }: Context, record: RestoreRecord): Promise<void> {
  try {
    await removeBuilt(record, step)
    await unlockImages(record)
    await records.forget(record.id)
  } catch (error) {
    ports.logger.error('A restore that was given up could not be cleared away', { restore: record.id, error })
  }
}

/** A program that opened an image between the last check and the rename now holds an undo copy. */
async function assertNobodyOpened({ machines }: Context, record: RestoreRecord): Promise<void> {
  const paths = record.disks.map((disk) => disk.undoPath)
  const signs = await machines.signsOfLife(record.machineId, paths)
  const users = signs.filter(({ sign }) => sign === 'open-file' || sign === 'lock')
  const first = users[0]
  if (first === undefined) return
  const texts = users.map((user) => user.text).join(' ')
  throw new FloeError('restore/machine-running', `${record.machineName} was started during the swap. ${texts}`, {
    params: { machine: record.machineName, pid: first.pid },
    remedy: 'All images are as before. Shut the machine down and try again.',
  })
}

async function takeBackOrGetStuck(
  { records, step, ports }: Context,
  record: RestoreRecord,
  why: unknown,
): Promise<void> {
  try {
    await takeAllBack(record, step)
  } catch (error) {
    const stuck = renameFailed(record, why, false)
    ports.logger.error(stuck.message, { restore: record.id, why, error })
    await records.save({ ...record, state: { kind: 'stuck', text: stuck.message } })
    throw stuck
  }
  await unlock({ ports }, record)
  await records.forget(record.id)
}

function renameFailed(record: RestoreRecord, cause: unknown, rolledBack: boolean): FloeError {
  const failed = cause as NodeJS.ErrnoException & { dest?: string }
  const file = failed.dest ?? failed.path ?? record.disks[0]?.imagePath ?? ''
  const text = cause instanceof Error ? cause.message : String(cause)
  const files = record.disks.map((disk) => `"${disk.imagePath}" (kept copy "${disk.undoPath}")`)
  const message = rolledBack
    ? `Nothing was swapped: ${text}. All images are as before.`
    : `The swap stopped halfway and could not be taken back: ${text}. Nothing was deleted: ${listInWords(files)}.`
  const remedy = rolledBack
    ? 'See why the file could not be renamed, then try again.'
    : 'Do not start the machine. Put the kept copies back by hand, or restore the point to a new image.'
  return new FloeError('restore/rename-failed', message, { params: { file, rolledBack }, remedy, cause })
}
