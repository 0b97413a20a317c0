// A job that does not move, in words: queued, waiting for what is missing, paused, holding an instant, standing still
// (ux.md S3; 3.3 D1, D5, B1, C1, X2).
import type { Job, JobState } from '../../domain/job.ts'
import { formatBytes } from '../../format/bytes.ts'
import { formatMomentInText, formatTime } from '../../format/dates.ts'
import { etaWords } from '../../format/duration.ts'
import { destinationName, fact, sentences, shorten, systemSays } from '../problems/problem-text.ts'
import { describeProblem } from '../problems.ts'
import { contextOf, type JobStyle, type JobWords, jobTitle, percentOf } from './naming.ts'

type In<Kind extends JobState['kind']> = Extract<JobState, { kind: Kind }>

export function queuedWords(job: Job, state: In<'queued'>, style: JobStyle): JobWords {
  return { title: 'Waiting for its turn', line: queuedLine(job, state, style), tone: 'waiting' }
}

function queuedLine(job: Job, state: In<'queued'>, style: JobStyle): string {
  const { position } = state
  const place = job.destinationName === null ? 'in the queue' : `for ${job.destinationName}`
  const ahead = position === 1 ? `Next ${place}` : `${ordinal(position)} ${place}`
  const blocker = style.jobs?.find((other) => other.id === state.blockedBy)
  const left = blocker?.progress?.secondsLeft ?? null
  if (position > 1 || left === null) return `${ahead}; starts by itself`
  return `${ahead}, starts in ${etaWords(left)}`
}

function ordinal(position: number): string {
  const rest = position % 100
  const suffix = rest > 10 && rest < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][position % 10] ?? 'th')
  return `${position}${suffix}`
}

/** What is missing, and that the backup starts by itself. */
export function waitingWords(job: Job, state: In<'waiting'>, style: JobStyle): JobWords {
  const { problem } = state
  const { title } = describeProblem(problem, contextOf(job, style))
  const words = (what: string, line: string): JobWords => ({
    title: shorten(what, (name) => `Waiting for ${name}`),
    line,
    tone: 'waiting',
  })
  switch (state.for) {
    case 'destination': {
      const place = job.destinationName ?? destinationName(problem, contextOf(job, style))
      if (problem.code === 'destination/locked')
        return words(place, 'Unlock it in Finder; the backup starts by itself.')
      if (problem.code !== 'destination/missing')
        return words(place, `${title}. The backup starts by itself when that has changed.`)
      const seen = lastSeen(fact(problem, 'lastSeen', 'lastSeenAt'), style)
      return words(place, sentences('Starts by itself when you connect it.', seen))
    }
    case 'machine':
      return problem.code === 'machine/off'
        ? words(`${job.machineName} to run`, 'Starts by itself when you start the machine.')
        : words(job.machineName, `${title}. The backup starts by itself when Floe reaches the machine.`)
    case 'monitor': {
      const holder = holderOf(fact(problem, 'program'), fact(problem, 'pid'))
      if (problem.code !== 'machine/busy') {
        return words(`${job.machineName} to answer`, `${title}. The backup starts by itself when it does.`)
      }
      return words(
        `${job.machineName} to be free`,
        holder === null
          ? `${title}. The backup starts by itself when it is free.`
          : `${holder} uses its QMP socket. The backup starts by itself when it is free.`,
      )
    }
    case 'disk-job': {
      const disk = fact(problem, 'disk')
      const says = systemSays(problem)
      return words(
        disk === null ? 'another job' : `another job on ${disk}`,
        sentences(says === null ? problem.message : `QEMU says: “${says}”.`, 'Starts by itself when that job is done.'),
      )
    }
  }
}

function lastSeen(when: string | null, style: JobStyle): string | null {
  if (when === null || Number.isNaN(Date.parse(when))) return null
  return `Last seen ${formatMomentInText(when, style)}.`
}

function holderOf(program: string | null, pid: string | null): string | null {
  if (program === null) return pid === null ? null : `The program with pid ${pid}`
  return pid === null ? program : `${program} (pid ${pid})`
}

/** D5 and the other pauses. */
export function pausedWords(job: Job, state: In<'paused'>, style: JobStyle): JobWords {
  const percent = percentOf(job)
  const place = job.destinationName ?? 'The destination'
  if (state.reason === 'no-space') return fullWords(job, state, place, style)
  if (state.reason === 'asleep') {
    return { title: 'Paused while the computer slept', line: `Checking that ${place} is back…`, tone: 'waiting' }
  }
  return {
    title: percent === null ? 'Paused' : `Paused at ${percent}\u00a0%`,
    line:
      job.kind === 'backup'
        ? 'The machine keeps running; the restore point still shows the moment the backup started.'
        : 'Nothing is lost; resume when it suits you.',
    tone: 'waiting',
  }
}

/** How much was copied stands under the bar. */
function fullWords(job: Job, state: In<'paused'>, place: string, style: JobStyle): JobWords {
  const { units, locale } = style
  const need = state.neededBytes === null ? 'some space' : `at least ${formatBytes(state.neededBytes, units, locale)}`
  const free = state.freeBytes === null ? '' : ` (${formatBytes(state.freeBytes, units, locale)} is free now)`
  return {
    title: shorten(place, (name) => `Backup paused: ${name} is full`),
    line: sentences(
      `Free ${need}${free} and it continues by itself.`,
      `${job.machineName} keeps running, and your restore points are intact.`,
    ),
    tone: 'problem',
  }
}

/** X2: the job runs, and nothing has been copied for minutes. */
export function stalledWords(since: string, now: Date): JobWords {
  const minutes = Math.max(2, Math.floor((now.getTime() - Date.parse(since)) / 60_000))
  return {
    title: `No progress for ${minutes} minutes`,
    line: 'QEMU still runs the job but no byte has moved. Usually the destination is asleep or blocked.',
    tone: 'problem',
  }
}

/** An export that others can read. */
export function holdingWords(job: Job, style: JobStyle): JobWords {
  const at = job.export === null ? 'one moment' : formatTime(job.export.at, style)
  return {
    title: jobTitle(job),
    line: `Its disks as they were at ${at} are held for other programs to read.`,
    tone: 'running',
  }
}
