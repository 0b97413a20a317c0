// What a job's bar says, and what a screen reader hears of it (ux.md 4, 5).
import type { Job } from '../../domain/job.ts'
import { formatBytes, formatBytesOf, formatRate, speakBytesOf } from '../../format/bytes.ts'
import { etaWords } from '../../format/duration.ts'
import { type JobStyle, jobName, percentOf } from './naming.ts'
import { foundNothing } from './plan.ts'

export interface ProgressWords {
  /** "4.03 GB of 9.60 GB copied · 186 MB/s" without the rate while it is unknown. */
  readonly bytes: string
  readonly rate: string | null
  /** "42 %"; "Checking 2.10 of 9.60 GB" while reading back, and so for comparing and proving. */
  readonly percent: string | null
  /** "about 30 seconds left", "Estimating…"; null while paused or checking. */
  readonly eta: string | null
}

export interface Reading {
  readonly name: 'Comparing' | 'Proving' | 'Checking'
  readonly how: string
  readonly doneBytes: number
  readonly totalBytes: number
}

const readings: Partial<Record<Job['state']['kind'], Pick<Reading, 'name' | 'how'>>> = {
  comparing: { name: 'Comparing', how: 'read' },
  proving: { name: 'Proving', how: 'read once more' },
  checking: { name: 'Checking', how: 'read back' },
}

/** What a job is doing while it reads instead of copying, also before the first byte is counted; null while it copies. */
export function readingName({ state }: Pick<Job, 'state'>): Reading['name'] | null {
  return readings[state.kind]?.name ?? null
}

/** What a job reads instead of copying; null while it copies. */
export function readingOf({ state, checked }: Pick<Job, 'state' | 'checked'>): Reading | null {
  const words = readings[state.kind]
  return words === undefined || checked === null ? null : { ...words, ...checked }
}

/** What stands under the bar. */
export function describeProgress(job: Job, style: JobStyle): ProgressWords | null {
  const { units, locale } = style
  const reading = readingOf(job)
  if (reading !== null) {
    const read = formatBytesOf(reading.doneBytes, reading.totalBytes, units, locale)
    return { bytes: `${read} ${reading.how}`, rate: null, percent: `${reading.name} ${read}`, eta: null }
  }
  // Nothing is counted yet, and what there is to copy is not known.
  if (job.state.kind === 'comparing') return { bytes: 'Comparing', rate: null, percent: null, eta: null }
  const progress = job.progress
  if (progress === null) return null
  // An incremental of a machine that has written nothing.
  if (job.kind === 'backup' && foundNothing(job, progress.totalBytes)) {
    const copying = progress.totalBytes === 0 ? '' : `, copying ${formatBytes(progress.totalBytes, units, locale)}`
    return { bytes: `Nothing has changed${copying}`, rate: null, percent: null, eta: null }
  }
  const verb = job.kind === 'verify' ? 'read' : job.kind === 'delete' ? 'freed' : 'copied'
  const percent = percentOf(job)
  const left = style.secondsLeft === undefined ? progress.secondsLeft : style.secondsLeft
  return {
    bytes: `${formatBytesOf(progress.doneBytes, progress.totalBytes, units, locale)} ${verb}`,
    rate:
      progress.bytesPerSecond === null || job.state.kind !== 'copying' || job.stalledSince !== null
        ? null
        : formatRate(progress.bytesPerSecond, units, locale),
    percent: percent === null ? null : `${percent}\u00a0%`,
    eta: etaOf(job, left),
  }
}

/** All data is copied while QEMU still goes over empty areas, which a speed limit holds up too: no number is true then. */
function etaOf(job: Job, secondsLeft: number | null): string | null {
  const { state, progress } = job
  if (state.kind === 'paused' && state.reason === 'no-space') return 'Waiting for space'
  if (state.kind !== 'copying' || progress === null || job.stalledSince !== null) return null
  if (job.kind === 'backup' && progress.totalBytes > 0 && progress.doneBytes >= progress.totalBytes)
    return 'Skipping empty areas'
  return secondsLeft === null ? 'Estimating…' : `${etaWords(secondsLeft)} left`
}

/** For `aria-valuetext`: "Backup of debian-dev, 42 percent, 4.03 of 9.6 gigabytes, about 30 seconds left". */
export function speakProgress(job: Job, style: JobStyle): string {
  const parts = [jobName(job)]
  const percent = percentOf(job)
  const reading = readingOf(job)
  if (reading !== null) {
    const read = speakBytesOf(reading.doneBytes, reading.totalBytes, style.units, style.locale)
    parts.push(`${reading.name.toLowerCase()}, ${read}`)
    return parts.join(', ')
  }
  if (job.state.kind === 'comparing') return [...parts, 'comparing'].join(', ')
  if (percent !== null) parts.push(`${percent} percent`)
  if (job.progress !== null) {
    parts.push(speakBytesOf(job.progress.doneBytes, job.progress.totalBytes, style.units, style.locale))
  }
  if (job.state.kind === 'paused') parts.push('paused')
  if (job.state.kind === 'freezing') parts.push('freezing file systems')
  const eta = describeProgress(job, style)?.eta
  if (eta !== null && eta !== undefined && eta !== 'Estimating…') parts.push(eta.toLowerCase())
  return parts.join(', ')
}
