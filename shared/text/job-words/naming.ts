// What a job is called, how far it is in whole percent, and in which group its state is.
import { isFinal, type Job, type JobKind, type JobState } from '../../domain/job.ts'
import type { Units } from '../../format/bytes.ts'
import type { ProblemContext } from '../problems.ts'

export interface JobStyle {
  readonly now: Date
  readonly units?: Units | undefined
  readonly locale?: string | undefined
  readonly timeZone?: string | undefined
  /** Seconds left as already shown (steadyEta); the job's own estimate when left out. */
  readonly secondsLeft?: number | null
  /** All jobs, to find the place in the queue. */
  readonly jobs?: readonly Job[]
  /** How long a guest may take to freeze, for the words while it does. */
  readonly freezeLimitSeconds?: number
  readonly problemContext?: ProblemContext
}

export interface JobWords {
  readonly title: string
  /** One line below the title; empty when the bar says it all. */
  readonly line: string
  readonly tone: 'running' | 'waiting' | 'done' | 'problem' | 'neutral'
}

/** True while the job is under way: neither in the queue, nor waiting for what is missing, nor over. */
export function isUnderWay(state: JobState): boolean {
  return !isFinal(state) && state.kind !== 'queued' && state.kind !== 'waiting'
}

/** "Incremental backup to Samsung T7", "Restore of debian-dev", ... */
export function jobTitle(job: Job): string {
  switch (job.kind) {
    case 'backup':
      return job.destinationName === null ? backupName(job) : `${backupName(job)} to ${job.destinationName}`
    case 'restore':
      return `Restoring ${job.machineName} to a new image`
    case 'swap':
      return `Restoring ${job.machineName}`
    case 'undo':
      return `Undoing the restore of ${job.machineName}`
    case 'verify':
      return `Verifying a restore point of ${job.machineName}`
    case 'delete':
      return `Deleting restore points of ${job.machineName}`
    case 'export':
      return `Export of ${job.machineName}`
  }
}

/** Without a kind until it is planned. */
function backupName({ plan }: Pick<Job, 'plan'>): string {
  if (plan === null) return 'Backup'
  return plan.kind === 'full' ? 'Full backup' : 'Incremental backup'
}

/** Name of the card for screen readers: "Backup of debian-dev". */
export function jobName(job: Pick<Job, 'kind' | 'machineName'>): string {
  const names: Record<JobKind, string> = {
    backup: `Backup of ${job.machineName}`,
    restore: `Restore of ${job.machineName} to a new image`,
    swap: `Restore of ${job.machineName}`,
    undo: `Undo of the restore of ${job.machineName}`,
    verify: `Verification of ${job.machineName}`,
    delete: `Deletion of restore points of ${job.machineName}`,
    export: `Export of ${job.machineName}`,
  }
  return names[job.kind]
}

/** Whole percent for text and Dock; 99 at most until the job is done (ux.md 4). */
export function percentOf(job: Pick<Job, 'state' | 'progress'>): number | null {
  if (job.state.kind === 'done') return 100
  return job.progress === null ? null : Math.min(99, Math.floor(job.progress.fraction * 100))
}

/** The names a job knows, for the words of its problem. */
export function contextOf(job: Job, style: Pick<JobStyle, 'units' | 'locale' | 'problemContext'>): ProblemContext {
  return {
    machine: job.machineName,
    destination: job.destinationName,
    canWait: job.kind === 'backup',
    compared: job.plan?.basis === 'comparison',
    ...(style.units === undefined ? {} : { units: style.units }),
    ...(style.locale === undefined ? {} : { locale: style.locale }),
    ...style.problemContext,
    ...(job.plan?.kind === 'incremental' ? { firstFull: false } : {}),
  }
}
