// How a job ended, in words, and the question before it is ended early (ux.md S3, 3.1).
import type { Job, JobKind } from '../../domain/job.ts'
import { formatBytes } from '../../format/bytes.ts'
import { formatDuration } from '../../format/duration.ts'
import { sentences, tracking } from '../problems/problem-text.ts'
import { contextOf, type JobStyle, type JobWords, jobTitle, percentOf } from './naming.ts'
import { foundNothing } from './plan.ts'

const doneTitles: Record<JobKind, (time: string | null) => string> = {
  backup: (time) => (time === null ? 'Backed up' : `Backed up in ${time}`),
  restore: (time) => (time === null ? 'Restored to a new image' : `Restored to a new image in ${time}`),
  swap: (time) => (time === null ? 'Restored' : `Restored in ${time}`),
  undo: (time) => (time === null ? 'Restore undone' : `Restore undone in ${time}`),
  verify: (time) => (time === null ? 'Verified' : `Verified in ${time}`),
  delete: (time) => (time === null ? 'Deleted' : `Deleted in ${time}`),
  export: (time) => (time === null ? 'Export ended' : `Export ended after ${time}`),
}

function elapsed(job: Job): string | null {
  if (job.startedAt === null || job.finishedAt === null) return null
  return formatDuration(new Date(job.finishedAt).getTime() - new Date(job.startedAt).getTime())
}

export function doneWords(job: Job, style: JobStyle): JobWords {
  if (job.kind === 'verify' && job.result !== null && !job.result.ok) {
    return { title: 'Damage found', line: job.note ?? 'This restore point can’t be restored.', tone: 'problem' }
  }
  if (job.kind === 'backup' && wasNotFrozen(job)) return notFrozenWords(job, style)
  const bytes = job.result === null ? null : formatBytes(job.result.bytes, style.units, style.locale)
  const lines: Record<JobKind, string> = {
    backup: [addedWords(job, style), instantWord(job)].filter((part) => part !== null).join(', '),
    restore: bytes === null ? '' : `${bytes} written`,
    swap: 'The replaced images are kept as an undo copy.',
    undo: 'The restored images are kept as an undo copy.',
    verify: 'Everything matches.',
    delete: bytes === null ? '' : `${bytes} freed`,
    export: 'Nothing of it is left in QEMU.',
  }
  const line = lines[job.kind]
  return {
    title: doneTitles[job.kind](elapsed(job)),
    line: job.note === null ? line : line === '' ? job.note : `${line}. ${job.note}`.replace('..', '.'),
    tone: 'done',
  }
}

/** "9.60 GB added"; null while it is not known. */
function addedWords({ result, plan }: Job, style: JobStyle): string | null {
  if (result === null) return null
  const added = `${formatBytes(result.bytes, style.units, style.locale)} added`
  if (!foundNothing({ plan }, result.bytes)) return added
  return result.bytes === 0 ? 'Nothing had changed' : `Nothing had changed, ${added}`
}

/** True when freezing was wanted and did not come about (B4, B5). */
function wasNotFrozen(job: Job): boolean {
  return job.instant?.consistency === 'crash-consistent' && job.instant.cause !== 'not-wanted'
}

/** True when an agent in the guest would have made the backup a frozen one. */
export function wantsAgent(job: Pick<Job, 'instant'>): boolean {
  return job.instant?.cause === 'no-agent' || job.instant?.cause === 'no-answer'
}

function instantWord(job: Job): string | null {
  switch (job.instant?.consistency) {
    case 'frozen':
      return job.instant.freeze === null ? 'frozen' : `frozen ${formatDuration(job.instant.freeze.heldMs)}`
    case 'crash-consistent':
      return 'not frozen'
    case 'offline':
      return 'copied while the machine was off'
    default:
      return null
  }
}

export const likeAfterPowerCut = 'The point is like after a power cut: the guest repairs its journal on first boot.'

function notFrozenWords(job: Job, style: JobStyle): JobWords {
  const added = addedWords(job, style)
  const time = elapsed(job)
  return {
    title: 'Backed up, not frozen',
    line: sentences(
      added === null ? null : time === null || job.result?.bytes === 0 ? `${added}.` : `${added} in ${time}.`,
      job.instant?.reason ?? null,
      likeAfterPowerCut,
      job.note,
    ),
    tone: 'done',
  }
}

export function cancelledWords(job: Job, style: JobStyle): JobWords {
  const percent = job.progress === null || job.progress.doneBytes === 0 ? null : percentOf(job)
  const title = percent === null ? 'Cancelled' : `Cancelled at ${percent}\u00a0%`
  if (job.kind === 'backup') {
    if (percent === null) return { title, line: 'No data was copied.', tone: 'neutral' }
    const stays = job.state.kind === 'cancelled' && job.state.partialRemoved === false
    const copy = stays
      ? 'The partial copy couldn’t be removed; it doesn’t count as a restore point.'
      : 'The partial copy was removed.'
    return { title, line: sentences(copy, tracking(contextOf(job, style))), tone: 'neutral' }
  }
  if (job.kind === 'export') {
    return { title: 'Export ended', line: job.note ?? 'Nothing of it is left in QEMU.', tone: 'neutral' }
  }
  const line = job.kind === 'verify' || job.kind === 'delete' ? (job.note ?? '') : 'All images are as before.'
  return { title, line, tone: 'neutral' }
}

export interface CancelQuestion {
  readonly title: string
  readonly body: string
  readonly keep: string
  readonly cancel: string
}

/** What the cancel confirmation says. */
export function cancelQuestion(job: Job, style: JobStyle): CancelQuestion {
  const name = job.machineName
  if (job.kind === 'export') {
    return {
      title: `End the export of ${name}?`,
      body: 'Programs that still read it are cut off. The machine keeps running, and its disks stay as they are.',
      keep: 'Keep Holding',
      cancel: 'End Export',
    }
  }
  if (job.kind !== 'backup') {
    return {
      title: `Cancel this? ${jobTitle(job)}`,
      body: 'What was written so far is removed. All images stay as they are.',
      keep: 'Keep Going',
      cancel: 'Cancel It',
    }
  }
  const bytes = job.progress?.doneBytes ?? 0
  if (bytes === 0) {
    return {
      title: `Cancel the backup of ${name}?`,
      body: 'Nothing is copied yet. Your other restore points stay.',
      keep: 'Keep It',
      cancel: 'Cancel Backup',
    }
  }
  const copied = formatBytes(bytes, style.units, style.locale)
  return {
    title: `Cancel the backup of ${name}?`,
    body: `${copied} is already copied and will be removed. Your other restore points stay. ${tracking(contextOf(job, style))}`,
    keep: 'Keep Backing Up',
    cancel: 'Cancel Backup',
  }
}
