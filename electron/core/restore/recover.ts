// After a crash: what the journals say was meant to happen, what the files say did happen, and the step that makes all
// disks of a machine the same generation again. When that is not certain, nothing is changed and a person is told.
import { dirname } from 'node:path'
import { FloeError } from '../errors.ts'
import { removeFiles } from './build.ts'
import type { RestoreContext } from './context.ts'
import { type DiskPlace, placeOf, putAllInPlace, removeBuilt, takeAllBack } from './exchange.ts'
import type { JournalDisk, RestoreRecord } from './journal.ts'
import { isUnchanged, look } from './stamp.ts'
import { unlockImages } from './swap-lock.ts'
import { listInWords } from './words.ts'

export interface Recovery {
  readonly record: RestoreRecord
  readonly text: string
}

/**
 * A folder of an interrupted swap that is not there: a drive that is not connected. Nothing can be said of the swap
 * until it is back. Null when all are there.
 */
export async function missingFolder(record: RestoreRecord): Promise<string | null> {
  for (const { imagePath } of record.disks) {
    const folder = dirname(imagePath)
    if ((await look(folder)) === null) return folder
  }
  return null
}

/** Brings one interrupted swap to `done`, `rolled-back` or `stuck`, and saves it. */
export async function recover(context: RestoreContext, record: RestoreRecord): Promise<Recovery> {
  const { records, ports } = context
  let outcome: RestoreRecord['state']
  try {
    outcome = record.state.kind === 'building' ? await dropBuilt(context, record) : await settle(context, record)
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    ports.logger.error('An interrupted restore could not be finished', { restore: record.id, error })
    outcome = stuck(record, text)
  }
  if (outcome.kind !== 'stuck') {
    await unlockImages(record).catch((error: unknown) => {
      ports.logger.warn('The lock of a swap could not be removed', { restore: record.id, error: String(error) })
    })
  }
  const settled = { ...record, state: outcome }
  await records.save(settled)
  return {
    record: settled,
    text: outcome.kind === 'rolled-back' || outcome.kind === 'stuck' ? outcome.text : finished(record),
  }
}

/** Clears away what an interrupted restore to new images left. */
export async function clearNewImages(context: RestoreContext): Promise<readonly string[]> {
  const { newImages } = await context.journal.readAll()
  const cleared: string[] = []
  for (const { jobId, machineName, temporaryPaths } of newImages) {
    const folders = await Promise.all(temporaryPaths.map((path) => look(dirname(path))))
    if (folders.includes(null)) continue
    await removeFiles(temporaryPaths.filter((path) => path.includes(`.floe-${jobId}-`)))
    await context.journal.removeNewImage(jobId)
    cleared.push(machineName)
  }
  return cleared
}

function verb(record: RestoreRecord): string {
  return record.undoes === null ? 'restore' : 'undo'
}

function finished(record: RestoreRecord): string {
  return `The ${verb(record)} of ${record.machineName} was interrupted during the swap and is complete now.`
}

function rolledBack(record: RestoreRecord, when: string): RestoreRecord['state'] {
  const text = `The ${verb(record)} of ${record.machineName} was interrupted ${when} and was taken back; all images are as before.`
  return { kind: 'rolled-back', text }
}

function stuck(record: RestoreRecord, why: string): RestoreRecord['state'] {
  const files = record.disks.map((disk) => `"${disk.imagePath}" (kept copy "${disk.undoPath}")`)
  const text = `The ${verb(record)} of ${record.machineName} was interrupted during the swap and needs you: ${why} Nothing was deleted: ${listInWords(files)}.`
  return { kind: 'stuck', text }
}

async function dropBuilt({ step }: RestoreContext, record: RestoreRecord): Promise<RestoreRecord['state']> {
  await removeBuilt(record, step)
  return rolledBack(record, 'before the swap')
}

async function settle(context: RestoreContext, record: RestoreRecord): Promise<RestoreRecord['state']> {
  const { step } = context
  const places: DiskPlace[] = []
  for (const disk of record.disks) places.push(await placeOf(disk))
  if (places.every((place) => place === 'new')) return { kind: 'done' }
  const begun = places.some((place) => place === 'new' || place === 'away')
  if (!begun && !places.includes('foreign')) {
    await takeAllBack(record, step)
    return rolledBack(record, 'before the first rename')
  }
  const foreign = record.disks.filter((_, index) => places[index] === 'foreign').map((disk) => `"${disk.imagePath}"`)
  if (foreign.length > 0) return stuck(record, `${listInWords(foreign)} is not the file that was there.`)
  const changed = await changedSince(record, places)
  if (changed !== null) return stuck(record, `"${changed}" was written to since, so its disks may not belong together.`)
  const signs = await signsOf(context, record)
  if (signs.length > 0) return stuck(record, `The machine is in use, with disks of different times. ${signs.join(' ')}`)
  if (await canFinish(record, places)) {
    try {
      await putAllInPlace(record, step)
      return { kind: 'done' }
    } catch (error) {
      context.ports.logger.warn('An interrupted swap could not be finished and is taken back', {
        restore: record.id,
        error,
      })
    }
  }
  await takeAllBack(record, step)
  return rolledBack(record, 'during the swap')
}

/** The first file that is not as the journal has it. */
async function changedSince(record: RestoreRecord, places: readonly DiskPlace[]): Promise<string | null> {
  for (const [index, { imagePath, undoPath, old, incoming }] of record.disks.entries()) {
    if (old === null || incoming === null) return imagePath
    const place = places[index]
    if (place === 'new' && !(await isUnchanged(imagePath, incoming))) return imagePath
    const oldPath = place === 'new' || place === 'away' ? undoPath : imagePath
    if (!(await isUnchanged(oldPath, old))) return oldPath
  }
  return null
}

async function canFinish(record: RestoreRecord, places: readonly DiskPlace[]): Promise<boolean> {
  const waiting = (disk: JournalDisk) => disk.incoming !== null && isUnchanged(disk.incomingPath, disk.incoming)
  for (const [index, disk] of record.disks.entries()) {
    if (places[index] !== 'new' && !(await waiting(disk))) return false
  }
  return true
}

async function signsOf({ machines, ports }: RestoreContext, record: RestoreRecord): Promise<readonly string[]> {
  const paths: string[] = []
  for (const { imagePath, incomingPath, undoPath } of record.disks) {
    for (const path of [imagePath, incomingPath, undoPath]) if ((await look(path)) !== null) paths.push(path)
  }
  try {
    return (await machines.signsOfLife(record.machineId, paths)).map((sign) => sign.text)
  } catch (error) {
    if (!(error instanceof FloeError) || error.code !== 'machine/unknown') throw error
    const holders = await ports.platform.openHolders(paths)
    return holders.map((holder) => `${holder.program} (pid ${holder.pid}) has "${holder.path}" open.`)
  }
}
