// Undo: the undo copies go back to where the images were, and the images of now become the new undo copies. Nothing is
// copied; the renames are those of a restore, so an undo can be undone.
import { existsSync } from 'node:fs'
import type { RestoreId } from '../../../shared/domain/ids.ts'
import type { Job } from '../../../shared/domain/job.ts'
import type { Preflight } from '../../../shared/domain/restore.ts'
import { FloeError } from '../errors.ts'
import type { RestoreContext } from './context.ts'
import { exchange } from './exchange-run.ts'
import { cancelled } from './failures.ts'
import { assertClear, blocked, type Finding, fine, warning } from './finding.ts'
import { inspectImage } from './image-checks.ts'
import type { JournalDisk, RestoreRecord } from './journal.ts'
import { checkNotShared, checkOff } from './life-checks.ts'
import { undoPathOf } from './names.ts'
import { phasesAt } from './report.ts'
import { isUnchanged, look } from './stamp.ts'
import { bytesInWords, listInWords, momentInWords } from './words.ts'

export interface UndoPlan {
  readonly record: RestoreRecord
  readonly disks: readonly JournalDisk[]
  readonly findings: readonly Finding[]
  readonly preflight: Preflight
}

/**
 * The restore, when it can still be undone.
 * @throws FloeError `restore/unknown`, `restore/already-undone` naming the restore to undo instead, `restore/undo-stale`
 */
export function undoableRecord({ records }: Pick<RestoreContext, 'records'>, id: RestoreId): RestoreRecord {
  const record = records.get(id)
  if (record.state.kind === 'undone') {
    let last = record
    while (last.state.kind === 'undone') last = records.get(last.state.by)
    throw new FloeError('restore/already-undone', `The restore ${id} was undone already, by ${record.state.by}.`, {
      params: { id, by: record.state.by, use: last.id },
      remedy: `To swap these images back once more, undo ${last.id}.`,
    })
  }
  if (record.state.kind !== 'done') {
    const { text } = record.state as { text: string }
    throw new FloeError('restore/undo-stale', `The restore ${id} can't be undone: ${text}`, { params: { id } })
  }
  return record
}

/** @throws FloeError as `undoableRecord` */
export async function planUndo(context: RestoreContext, id: RestoreId): Promise<UndoPlan> {
  const record = undoableRecord(context, id)
  const machine = context.machines.list().find((one) => one.id === record.machineId)
  const imagePaths = record.disks.map((disk) => disk.imagePath)
  const images = await checkImages(record)
  const findings: Finding[] = []
  if (machine === undefined) {
    const text = `Floe does not know the machine ${record.machineName} any more, so it can't tell whether it is off.`
    const error = new FloeError('machine/unknown', text, { remedy: 'Add the machine again, then undo the restore.' })
    findings.push(blocked('machine-off', 'The machine is not known', error))
  } else {
    const all = [...imagePaths, ...record.disks.map((disk) => disk.undoPath)]
    findings.push(await checkOff(context.machines, machine, all))
    findings.push(await checkNotShared(context.machines, machine, imagePaths))
  }
  findings.push(images.finding, await checkUndoCopies(record), await checkWritten(record))
  const disks = nextDisks(context, record, images.bytes)
  return { record, disks, findings, preflight: await describe(disks, findings) }
}

/** @throws FloeError whatever stands against it; all images are as before then */
export async function runUndo(
  context: RestoreContext,
  job: Job,
  ids: { restoreId: RestoreId; undoes: RestoreId },
  signal: AbortSignal,
): Promise<void> {
  const { board, ports, records } = context
  board.update(job.id, {
    state: { kind: 'preparing', step: 'Looking at the machine and its images' },
    phases: phasesAt('prepared', 'Swapped', ['copying', 'checking']),
  })
  const plan = await planUndo(context, ids.undoes)
  assertClear(plan.findings)
  board.update(job.id, {
    canCancel: false,
    state: { kind: 'finishing', step: 'Swapping the images' },
    phases: phasesAt('recorded', 'Swapped', ['copying', 'checking']),
  })
  if (signal.aborted) throw cancelled(job.machineName)
  const record: RestoreRecord = {
    id: ids.restoreId,
    jobId: job.id,
    machineId: plan.record.machineId,
    machineName: plan.record.machineName,
    pointId: null,
    undoes: ids.undoes,
    createdAt: ports.clock.now().toISOString(),
    state: { kind: 'building' },
    disks: [...plan.disks],
  }
  const note = await exchange(context, record)
  context.step('journal-undone')
  await records.save({ ...plan.record, state: { kind: 'undone', by: record.id } }).catch((error) => {
    ports.logger.error('An undo is complete but could not be noted', { restore: ids.undoes, error })
  })
  board.update(job.id, {
    phases: phasesAt(null, 'Swapped', ['copying', 'checking']),
    note: note ?? 'Start your machine as usual.',
    result: {
      pointId: null,
      restoreId: record.id,
      images: record.disks.map((disk) => ({ disk: disk.diskId, path: disk.imagePath })),
      ok: true,
      bytes: 0,
    },
  })
}

function nextDisks({ ports }: RestoreContext, record: RestoreRecord, bytes: readonly number[]): JournalDisk[] {
  const taken = new Set<string>()
  return record.disks.map(({ diskId, imagePath, undoPath }, index) => {
    const next = undoPathOf(imagePath, ports.clock.now(), (path) => taken.has(path) || existsSync(path))
    taken.add(next)
    const oldBytes = bytes[index] ?? 0
    return { diskId, imagePath, incomingPath: undoPath, undoPath: next, old: null, oldBytes, incoming: null }
  })
}

async function checkImages(record: RestoreRecord): Promise<{ finding: Finding; bytes: number[] }> {
  const bytes: number[] = []
  for (const { imagePath } of record.disks) {
    const { stats, error } = await inspectImage(imagePath, { format: 'raw', exactSize: null })
    if (error !== null) return { finding: blocked('images', 'An image can’t be swapped', error), bytes }
    bytes.push(stats.blocks * 512)
  }
  const names = listInWords(record.disks.map((disk) => disk.imagePath))
  return { finding: fine('images', 'Images are where they were', names), bytes }
}

async function checkUndoCopies(record: RestoreRecord): Promise<Finding> {
  for (const { undoPath, old } of record.disks) {
    if (old !== null && (await isUnchanged(undoPath, old))) continue
    const stats = await look(undoPath)
    const what = stats === null ? 'is not there any more' : `was changed on ${momentInWords(stats.mtime)}`
    const error = new FloeError('restore/undo-stale', `The undo copy "${undoPath}" ${what}. It wasn't touched.`, {
      params: { path: undoPath, date: stats === null ? null : momentInWords(stats.mtime) },
      remedy: 'Restore a restore point instead.',
    })
    return blocked('undo-copy', 'Undo isn’t possible any more', error)
  }
  return fine('undo-copy', 'Undo copies are there, unchanged', listInWords(record.disks.map((disk) => disk.undoPath)))
}

async function checkWritten(record: RestoreRecord): Promise<Finding> {
  const written: string[] = []
  let most = 0
  for (const { imagePath, incoming } of record.disks) {
    if (incoming !== null && (await isUnchanged(imagePath, incoming).catch(() => false))) continue
    written.push(imagePath)
    most += ((await look(imagePath))?.blocks ?? 0) * 512
  }
  if (written.length === 0) {
    return fine(
      'unsaved-changes',
      'Nothing was written since the restore',
      'The restored images are as they were put there.',
    )
  }
  const detail = `Written to since ${momentInWords(record.createdAt)}: ${listInWords(written)}. At most ${bytesInWords(most)} stays in the new undo copy only.`
  return warning('unsaved-changes', 'The machine wrote since the restore', detail, 'back-up-first')
}

async function describe(disks: readonly JournalDisk[], findings: readonly Finding[]): Promise<Preflight> {
  const rows: Preflight['disks'] = []
  for (const { diskId, imagePath, undoPath, oldBytes } of disks) {
    const stats = await look(imagePath)
    const changedAt = stats?.mtime.toISOString() ?? null
    rows.push({ diskId, imagePath, undoPath, imageSize: stats === null ? null : oldBytes, changedAt })
  }
  return {
    ok: findings.every((finding) => finding.error === null),
    checks: findings.map((finding) => finding.row),
    disks: rows,
    neededBytes: 0,
  }
}
