import type { Job } from '../../../shared/domain/job.ts'
import { describeJob, describeProgress, percentOf, readingOf } from '../../../shared/text/job-words.ts'
import { instantText } from './consistency.ts'
import { kindSentence } from './kind.ts'
import type { Output } from './output.ts'

const barWidth = 24
/** Without a terminal: a line at each tenth. */
const step = 10

/** Tells a job's progress: an event for scripts, a bar on a terminal, a few plain lines elsewhere. */
export class ProgressLines {
  #output: Output
  #now: () => Date
  #lastText = ''
  #lastTenth = 0
  /** What was said once and for all. */
  #told = new Set<string>()

  constructor(output: Output, now: () => Date) {
    this.#output = output
    this.#now = now
  }

  show(job: Job): void {
    const { kind } = job.state
    if (kind === 'done' || kind === 'cancelled' || kind === 'failed') return
    if (!this.#output.json) for (const fact of factsOf(job)) this.#tellOnce(fact)
    if (this.#output.json) this.#tellScript(job)
    else if (this.#output.live) this.#output.draw(barLine(job, this.#now()))
    else this.#tellLine(job)
  }

  #tellOnce(fact: string): void {
    if (this.#told.has(fact)) return
    this.#told.add(fact)
    this.#output.line(fact)
  }

  #tellScript(job: Job): void {
    const event = {
      event: 'progress',
      jobId: job.id,
      state: job.state.kind,
      doneBytes: job.progress?.doneBytes ?? 0,
      totalBytes: job.progress?.totalBytes ?? 0,
      fraction: job.progress?.fraction ?? 0,
      bytesPerSecond: job.progress?.bytesPerSecond ?? null,
      secondsLeft: job.progress?.secondsLeft ?? null,
      checked: job.checked,
      plan: job.plan,
      way: job.way?.way ?? null,
      instant: job.instant,
      waiting: job.state.kind === 'waiting' ? { for: job.state.for, problem: job.state.problem } : null,
      paused: job.state.kind === 'paused' ? pauseOf(job.state) : null,
      slowed: job.impact?.slowed ?? false,
    }
    const text = JSON.stringify(event)
    if (text !== this.#lastText) this.#output.document(event)
    this.#lastText = text
  }

  #tellLine(job: Job): void {
    const words = describeJob(job, { now: this.#now(), locale: 'en' })
    const title = words.line === '' ? words.title : `${words.title}: ${words.line}`
    const read = readFraction(job)
    const percent = read !== null ? wholePercent(read) : job.state.kind === 'copying' ? percentOf(job) : null
    const tenth = percent === null ? 0 : Math.floor(percent / step)
    if (title !== this.#lastText) this.#output.line(title)
    else if (tenth > this.#lastTenth) this.#output.line(`${percent} %${detail(job, this.#now())}`)
    this.#lastText = title
    this.#lastTenth = tenth
  }
}

/** What is copied, how the disks are read and what the instant is worth, as soon as it is known. */
function factsOf(job: Job): string[] {
  const facts: string[] = []
  if (job.plan !== null) facts.push(kindSentence(job.plan))
  if (job.way !== null) facts.push(`Way: ${job.way.way}. ${job.way.reason}`)
  if (job.instant !== null && job.kind === 'backup') facts.push(`Consistency: ${instantText(job.instant)}.`)
  return facts
}

function pauseOf({ reason, neededBytes, freeBytes }: Extract<Job['state'], { kind: 'paused' }>) {
  return { reason, neededBytes, freeBytes }
}

/** How far what is only read has come (comparing, proving, checking); null in other states. */
function readFraction(job: Job): number | null {
  const reading = readingOf(job)
  return reading === null ? null : reading.doneBytes / Math.max(1, reading.totalBytes)
}

const wholePercent = (fraction: number): number => Math.min(99, Math.floor(fraction * 100))

/** `Copying  [##########--------------]  42 %  4.03 of 9.60 GB copied  186 MB/s  about 30 seconds left` */
export function barLine(job: Job, now: Date): string {
  const fraction = readFraction(job) ?? job.progress?.fraction ?? null
  const words = describeJob(job, { now, locale: 'en' })
  const label = readingOf(job)?.name ?? (job.state.kind === 'copying' ? 'Copying' : words.title)
  if (fraction === null) return words.line === '' ? label : `${label}: ${words.line}`
  const filled = Math.round(Math.min(1, fraction) * barWidth)
  const bar = `[${'#'.repeat(filled)}${'-'.repeat(barWidth - filled)}]`
  return `${label}  ${bar}  ${wholePercent(fraction)} %${detail(job, now)}`
}

function detail(job: Job, now: Date): string {
  const words = describeProgress(job, { now, locale: 'en' })
  if (words === null) return ''
  return [words.bytes, words.rate, words.eta].map((text) => (text === null ? '' : `  ${text}`)).join('')
}
