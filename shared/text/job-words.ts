// A job in words (ux.md S3): title, the line below, and what its bar says. One place for the card, the sidebar, the
// activity list, the Dock and the CLI, so that all of them say the same thing at the same time.
import type { Job, JobKind, JobState, PhaseName } from '../domain/job.ts'
import { formatBytes, formatBytesOf, formatRate, speakBytesOf, type Units } from '../format/bytes.ts'
import { etaWords, formatDuration } from '../format/duration.ts'
import { describeProblem, type ProblemContext } from './problems.ts'

export interface JobStyle {
  readonly now: Date
  readonly units?: Units | undefined
  readonly locale?: string | undefined
  /** Seconds left as already shown (steadyEta); the job's own estimate when left out. */
  readonly secondsLeft?: number | null
  /** All jobs, to find the place in the queue. */
  readonly jobs?: readonly Job[]
  readonly problemContext?: ProblemContext
}

export interface JobWords {
  readonly title: string
  /** One line below the title; empty when the bar says it all. */
  readonly line: string
  readonly tone: 'running' | 'waiting' | 'done' | 'problem' | 'neutral'
}

type Final = Extract<JobState, { kind: 'done' | 'cancelled' | 'failed' }>

/** True when nothing more will happen to the job. */
export function isOver(state: JobState): state is Final {
  return state.kind === 'done' || state.kind === 'cancelled' || state.kind === 'failed'
}

/** True while bytes can move: not queued, not over. */
export function isActive(state: JobState): boolean {
  return !isOver(state) && state.kind !== 'queued'
}

/** "Full backup to Samsung T7", "Restore of debian-dev", ... */
export function jobTitle(job: Job): string {
  switch (job.kind) {
    case 'backup':
      return job.destinationName === null ? 'Full backup' : `Full backup to ${job.destinationName}`
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

function elapsed(job: Job): string | null {
  if (job.startedAt === null || job.finishedAt === null) return null
  return formatDuration(new Date(job.finishedAt).getTime() - new Date(job.startedAt).getTime())
}

function queuedLine(job: Job, position: number, style: JobStyle): string {
  const place = job.destinationName === null ? 'in the queue' : `for ${job.destinationName}`
  const ahead = position === 1 ? `Next ${place}` : `${ordinal(position)} ${place}`
  const blocker = style.jobs?.find((other) => job.state.kind === 'queued' && other.id === job.state.blockedBy)
  const left = blocker?.progress?.secondsLeft ?? null
  if (position > 1 || left === null) return `${ahead}; starts by itself`
  return `${ahead}, starts in ${etaWords(left)}`
}

function ordinal(position: number): string {
  const rest = position % 100
  const suffix = rest > 10 && rest < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][position % 10] ?? 'th')
  return `${position}${suffix}`
}

const doneTitles: Record<JobKind, (time: string | null) => string> = {
  backup: (time) => (time === null ? 'Backed up' : `Backed up in ${time}`),
  restore: (time) => (time === null ? 'Restored to a new image' : `Restored to a new image in ${time}`),
  swap: (time) => (time === null ? 'Restored' : `Restored in ${time}`),
  undo: (time) => (time === null ? 'Restore undone' : `Restore undone in ${time}`),
  verify: (time) => (time === null ? 'Verified' : `Verified in ${time}`),
  delete: (time) => (time === null ? 'Deleted' : `Deleted in ${time}`),
  export: (time) => (time === null ? 'Export ended' : `Export ended after ${time}`),
}

function doneWords(job: Job, style: JobStyle): JobWords {
  if (job.kind === 'verify' && job.result !== null && !job.result.ok) {
    return { title: 'Damage found', line: job.note ?? 'This restore point can’t be restored.', tone: 'problem' }
  }
  const bytes = job.result === null ? null : formatBytes(job.result.bytes, style.units, style.locale)
  const lines: Record<JobKind, string> = {
    backup: bytes === null ? '' : `${bytes} added`,
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

/** Title, line and tone of a job as it stands. */
export function describeJob(job: Job, style: JobStyle): JobWords {
  const state = job.state
  const running = job.reattached ? 'Found a backup still running' : jobTitle(job)
  switch (state.kind) {
    case 'queued':
      return { title: 'Waiting for its turn', line: queuedLine(job, state.position, style), tone: 'waiting' }
    case 'preparing':
      return { title: job.kind === 'backup' ? 'Preparing' : jobTitle(job), line: state.step, tone: 'running' }
    case 'waiting':
      return waitingWords(job, state, style)
    case 'freezing':
      return {
        title: 'Freezing file systems',
        line: 'Cancel is off for a few seconds: Floe is waiting for the guest.',
        tone: 'running',
      }
    case 'holding':
      return { title: jobTitle(job), line: 'One instant of its disks is held for others to read.', tone: 'running' }
    case 'copying':
      return {
        title: running,
        line: job.reattached ? (job.note ?? 'Floe was closed; QEMU kept copying.') : '',
        tone: 'running',
      }
    case 'checking':
      return { title: job.kind === 'backup' ? 'Checking the copy' : running, line: '', tone: 'running' }
    case 'paused':
      return pausedWords(job, state, style)
    case 'finishing':
      return { title: running, line: state.step, tone: 'running' }
    case 'cancelling':
      return { title: 'Cancelling', line: 'The partial copy is being removed.', tone: 'running' }
    case 'done':
      return doneWords(job, style)
    case 'cancelled':
      return cancelledWords(job, style)
    case 'failed': {
      const text = describeProblem(state.problem, contextOf(job, style))
      return { title: text.title, line: text.body, tone: 'problem' }
    }
  }
}

/** The names a job knows, for the words of its problem. */
export function contextOf(job: Job, style: Pick<JobStyle, 'units' | 'locale' | 'problemContext'>): ProblemContext {
  return {
    machine: job.machineName,
    destination: job.destinationName,
    ...(style.units === undefined ? {} : { units: style.units }),
    ...(style.locale === undefined ? {} : { locale: style.locale }),
    ...style.problemContext,
  }
}

/** D1, B1, C1 and G1 as states: what is missing, and that it starts by itself. */
function waitingWords(job: Job, state: Extract<JobState, { kind: 'waiting' }>, style: JobStyle): JobWords {
  const what = {
    destination: job.destinationName ?? 'its destination',
    machine: `${job.machineName} to run`,
    monitor: `${job.machineName} to be free`,
    'disk-job': 'another job on the disk',
  }[state.for]
  const { title } = describeProblem(state.problem, contextOf(job, style))
  return { title: `Waiting for ${what}`, line: `${title}. The backup starts by itself.`, tone: 'waiting' }
}

/** D5 and the other pauses (ux.md S3). */
function pausedWords(job: Job, state: Extract<JobState, { kind: 'paused' }>, style: JobStyle): JobWords {
  const percent = percentOf(job)
  const place = job.destinationName ?? 'The destination'
  if (state.reason === 'no-space') {
    const { units, locale } = style
    const copied =
      job.progress === null
        ? ''
        : `${formatBytesOf(job.progress.doneBytes, job.progress.totalBytes, units, locale)} copied. `
    const need = state.neededBytes === null ? 'some space' : `at least ${formatBytes(state.neededBytes, units, locale)}`
    const free = state.freeBytes === null ? '' : ` (${formatBytes(state.freeBytes, units, locale)} is free now)`
    return {
      title: `Backup paused: ${place} is full`,
      line: `${copied}Free ${need}${free} and it continues by itself. ${job.machineName} keeps running, and your restore points are intact.`,
      tone: 'problem',
    }
  }
  if (state.reason === 'asleep') {
    return { title: 'Paused while the computer slept', line: `Checking that ${place} is back…`, tone: 'waiting' }
  }
  return {
    title: percent === null ? 'Paused' : `Paused at ${percent} %`.replace(' %', '\u00a0%'),
    line:
      job.kind === 'backup'
        ? 'The machine keeps running; the restore point still shows the moment the backup started.'
        : 'Nothing is lost; resume when it suits you.',
    tone: 'waiting',
  }
}

function cancelledWords(job: Job, style: JobStyle): JobWords {
  const percent = job.progress === null || job.progress.doneBytes === 0 ? null : percentOf(job)
  const title = percent === null ? 'Cancelled' : `Cancelled at ${percent}\u00a0%`
  if (job.kind === 'backup') {
    const first = style.problemContext?.firstFull !== false
    return {
      title,
      line: first
        ? 'The partial copy was removed. The next backup starts from the beginning.'
        : 'The partial copy was removed. Your other restore points stay.',
      tone: 'neutral',
    }
  }
  const line = job.kind === 'verify' || job.kind === 'delete' ? (job.note ?? '') : 'All images are as before.'
  return { title, line, tone: 'neutral' }
}

export interface ProgressWords {
  /** "4.03 GB of 9.60 GB copied · 186 MB/s" without the rate while it is unknown. */
  readonly bytes: string
  readonly rate: string | null
  /** "42 %"; "Checking 2.10 of 9.60 GB" while reading back. */
  readonly percent: string | null
  /** "about 30 seconds left", "Estimating…"; null while paused or checking. */
  readonly eta: string | null
}

/** What stands under the bar. */
export function describeProgress(job: Job, style: JobStyle): ProgressWords | null {
  const { units, locale } = style
  if (job.state.kind === 'checking' && job.checked !== null) {
    const read = formatBytesOf(job.checked.doneBytes, job.checked.totalBytes, units, locale)
    return { bytes: `${read} read back`, rate: null, percent: `Checking ${read}`, eta: null }
  }
  const progress = job.progress
  if (progress === null) return null
  const verb = job.kind === 'verify' ? 'read' : job.kind === 'delete' ? 'freed' : 'copied'
  const percent = percentOf(job)
  const left = style.secondsLeft === undefined ? progress.secondsLeft : style.secondsLeft
  return {
    bytes: `${formatBytesOf(progress.doneBytes, progress.totalBytes, units, locale)} ${verb}`,
    rate:
      progress.bytesPerSecond === null || job.state.kind !== 'copying'
        ? null
        : formatRate(progress.bytesPerSecond, units, locale),
    percent: percent === null ? null : `${percent}\u00a0%`,
    eta: etaOf(job, left),
  }
}

/** All data is copied while QEMU still goes over empty areas, which a speed limit holds up too: no number is true then. */
function etaOf(job: Job, secondsLeft: number | null): string | null {
  const { state, progress } = job
  if (state.kind !== 'copying' || progress === null) return null
  if (job.kind === 'backup' && progress.totalBytes > 0 && progress.doneBytes >= progress.totalBytes)
    return 'Skipping empty areas'
  return secondsLeft === null ? 'Estimating…' : `${etaWords(secondsLeft)} left`
}

/** For `aria-valuetext`: "Backup of debian-dev, 42 percent, 4.03 of 9.6 gigabytes, about 30 seconds left". */
export function speakProgress(job: Job, style: JobStyle): string {
  const parts = [jobName(job)]
  const percent = percentOf(job)
  if (job.state.kind === 'checking' && job.checked !== null) {
    parts.push(`checking, ${speakBytesOf(job.checked.doneBytes, job.checked.totalBytes, style.units, style.locale)}`)
    return parts.join(', ')
  }
  if (percent !== null) parts.push(`${percent} percent`)
  if (job.progress !== null) {
    parts.push(speakBytesOf(job.progress.doneBytes, job.progress.totalBytes, style.units, style.locale))
  }
  if (job.state.kind === 'paused') parts.push('paused')
  const eta = describeProgress(job, style)?.eta
  if (eta !== null && eta !== undefined && eta !== 'Estimating…') parts.push(eta)
  return parts.join(', ')
}

/** A phase without a label of its own. */
export const phaseWords: Readonly<Record<PhaseName, string>> = {
  prepared: 'Prepared',
  frozen: 'Frozen',
  copying: 'Copying',
  checking: 'Checking',
  recorded: 'Recorded',
}

/** The phase's label, in words that say so when it was skipped. */
export function phaseLabel(phase: { name: PhaseName; state: string; label: string | null }): string {
  if (phase.label !== null) return phase.label
  if (phase.state !== 'skipped') return phaseWords[phase.name]
  return phase.name === 'frozen'
    ? 'Not frozen'
    : phase.name === 'checking'
      ? 'Not checked'
      : `${phaseWords[phase.name]}: skipped`
}

/** What the cancel confirmation says (ux.md 3.1). */
export function cancelQuestion(
  job: Job,
  style: JobStyle,
): { title: string; body: string; keep: string; cancel: string } {
  const name = job.machineName
  if (job.kind !== 'backup') {
    return {
      title: `Cancel this? ${jobTitle(job)}`,
      body: 'What was written so far is removed. All images stay as they are.',
      keep: 'Keep Going',
      cancel: 'Cancel It',
    }
  }
  const copied = formatBytes(job.progress?.doneBytes ?? 0, style.units, style.locale)
  return {
    title: `Cancel the backup of ${name}?`,
    body: `${copied} is already copied and will be removed. Your other restore points stay. The next backup starts from the beginning.`,
    keep: 'Keep Backing Up',
    cancel: 'Cancel Backup',
  }
}
