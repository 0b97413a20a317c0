// Everything that takes time, in one list: the queue, what may be done with a job, and what people see of it. Owners
// (backup, restore, verify) do the work; the board starts them when their claims are free, and makes sure that each
// job ends in exactly one final state. Published at most four times a second per job, final states at once.
import type { JobId } from '../../../shared/domain/ids.ts'
import { isFinal, type Job, type Progress } from '../../../shared/domain/job.ts'
import { FloeError, toProblem } from '../errors.ts'
import type { Ports } from '../ports/index.ts'
import type { Topic } from '../topics/topic.ts'
import { places } from './queue.ts'
import { type JobBoard, type JobControls, NotYet, type WaitingState } from './types.ts'

interface Entry {
  job: Job
  claims: readonly string[]
  readonly controls: JobControls
  readonly run: (signal: AbortSignal) => Promise<void>
  readonly abort: AbortController
  /** `parked`: waits for something outside, and claims nothing. `held`: run() has not settled, and the claims are taken. */
  stage: 'parked' | 'waiting' | 'held' | 'ended'
  urgent: boolean
  /** Highest fraction so far: progress never goes back. */
  fraction: number
  publishedAt: number
  timer: NodeJS.Timeout | null
  readonly waiters: ((job: Job) => void)[]
  /** Resolves when `run` has settled. */
  settled: Promise<void>
}

export interface JobBoardLimits {
  /** Finished jobs that are remembered. */
  readonly finished: number
  /** Least time between two messages about one job, in milliseconds. */
  readonly publishEveryMs: number
}

const beforeDone = 0.999

export function createJobBoard(deps: {
  readonly ports: Pick<Ports, 'clock' | 'logger'>
  readonly topic: Topic<'jobs'>
  readonly limits?: Partial<JobBoardLimits>
}): JobBoard {
  return new Board(deps.ports, deps.topic, { finished: 50, publishEveryMs: 250, ...deps.limits })
}

class Board implements JobBoard {
  #ports: Pick<Ports, 'clock' | 'logger'>
  #topic: Topic<'jobs'>
  #limits: JobBoardLimits
  /** In the order of arrival. */
  #entries = new Map<JobId, Entry>()
  /** In the order of their ends. */
  #ended: JobId[] = []
  #stopped = false

  constructor(ports: Pick<Ports, 'clock' | 'logger'>, topic: Topic<'jobs'>, limits: JobBoardLimits) {
    this.#ports = ports
    this.#topic = topic
    this.#limits = limits
  }

  list(): readonly Job[] {
    return [...this.#entries.values()].map((entry) => entry.job)
  }

  active(): readonly Job[] {
    return this.list().filter((job) => !isFinal(job.state))
  }

  get(id: JobId): Job {
    return this.#entry(id).job
  }

  enqueue(job: Job, claims: readonly string[], controls: JobControls, run: Entry['run']): void {
    if (this.#stopped) {
      throw new FloeError('system/interrupted', 'Floe is closing and starts nothing new.', {
        remedy: 'Try again in a moment.',
      })
    }
    if (this.#entries.has(job.id))
      throw new FloeError('system/unexpected', `The job ${job.id} is on the board already.`)
    const parked = job.state.kind === 'waiting'
    this.#entries.set(job.id, {
      job: parked ? job : { ...job, state: { kind: 'queued', position: 1, blockedBy: null } },
      claims,
      controls,
      run,
      abort: new AbortController(),
      stage: parked ? 'parked' : 'waiting',
      urgent: false,
      fraction: 0,
      publishedAt: Number.NEGATIVE_INFINITY,
      timer: null,
      waiters: [],
      settled: Promise.resolve(),
    })
    if (parked) this.update(job.id, {})
    else this.#advance()
  }

  update(id: JobId, change: Partial<Omit<Job, 'id'>>): void {
    const entry = this.#entry(id)
    const lacked = lacksRoom(entry.job.state)
    this.#merge(entry, change)
    if (hasNotBegun(entry) && isFinal(entry.job.state)) this.#end(entry)
    else if (!lacked && lacksRoom(entry.job.state)) this.#advance()
  }

  ready(id: JobId): void {
    const entry = this.#entry(id)
    if (entry.stage !== 'parked') return
    entry.stage = 'waiting'
    this.#advance()
  }

  giveBack(id: JobId, claim: string): void {
    const entry = this.#entry(id)
    entry.claims = entry.claims.filter((held) => held !== claim)
    this.#advance()
  }

  startNow(id: JobId): void {
    const entry = this.#entry(id)
    if (entry.stage !== 'waiting') return
    entry.urgent = true
    this.#advance()
  }

  async pause(id: JobId): Promise<void> {
    const { job, controls, stage } = this.#entry(id)
    if (stage !== 'held' || isFinal(job.state) || !job.canPause || !controls.pause) {
      throw new FloeError('job/cannot-pause', `The ${job.kind} of ${job.machineName} can't be paused now.`)
    }
    await controls.pause()
  }

  async resume(id: JobId): Promise<void> {
    const { job, controls } = this.#entry(id)
    if (job.state.kind !== 'paused' || !controls.resume) {
      throw new FloeError('job/cannot-resume', `The ${job.kind} of ${job.machineName} isn't paused.`)
    }
    await controls.resume()
  }

  async cancel(id: JobId): Promise<void> {
    const entry = this.#entry(id)
    const { job, controls } = entry
    if (hasNotBegun(entry)) return this.#takeOff(entry, {})
    if (job.state.kind === 'cancelling') return
    if (isFinal(job.state) || !job.canCancel || !controls.cancel) {
      throw new FloeError('job/cannot-cancel', `The ${job.kind} of ${job.machineName} can't be cancelled any more.`)
    }
    this.#merge(entry, { state: { kind: 'cancelling' } })
    entry.abort.abort()
    await controls.cancel()
  }

  async setLimit(id: JobId, bytesPerSecond: number | null): Promise<void> {
    const { job, controls } = this.#entry(id)
    if (isFinal(job.state) || !controls.setLimit) {
      throw new FloeError('job/cannot-pause', `The ${job.kind} of ${job.machineName} has no speed limit to change.`)
    }
    await controls.setLimit(bytesPerSecond)
    this.update(id, { limit: bytesPerSecond })
  }

  async skipCheck(id: JobId): Promise<void> {
    const { job, controls } = this.#entry(id)
    if (isFinal(job.state) || !controls.skipCheck) {
      throw new FloeError('job/cannot-cancel', `The ${job.kind} of ${job.machineName} has no check to skip.`)
    }
    await controls.skipCheck()
  }

  async whenFinal(id: JobId): Promise<Job> {
    const entry = this.#entry(id)
    if (isFinal(entry.job.state)) return entry.job
    return new Promise((resolve) => entry.waiters.push(resolve))
  }

  async stop(): Promise<void> {
    this.#stopped = true
    const open = [...this.#entries.values()].filter((entry) => entry.stage !== 'ended')
    for (const entry of open.filter(hasNotBegun)) {
      const note = entry.stage === 'parked' ? closedWhileWaiting : 'Floe was closed before its turn came.'
      this.#takeOff(entry, { note })
    }
    const ending = open.filter(({ stage, job }) => stage === 'held' && job.kind !== 'backup')
    for (const entry of ending) {
      if (entry.job.canCancel) this.#merge(entry, { state: { kind: 'cancelling' } })
      entry.abort.abort()
    }
    await Promise.all(ending.map((entry) => entry.settled))
  }

  #takeOff(entry: Entry, change: Partial<Pick<Job, 'note'>>): void {
    entry.abort.abort()
    this.#merge(entry, { ...change, state: { kind: 'cancelled' } })
    this.#end(entry)
  }

  #entry(id: JobId): Entry {
    const entry = this.#entries.get(id)
    if (entry === undefined) {
      throw new FloeError('job/unknown', `There is no job ${id}.`, {
        params: { id },
        remedy: 'Finished jobs are only remembered until Floe is closed; see the activity list.',
      })
    }
    return entry
  }

  /** Starts what may start and tells the others their place. */
  #advance(): void {
    const open = [...this.#entries.values()].filter(({ stage }) => stage === 'waiting' || stage === 'held')
    const waiting = places(
      open.map((entry) => ({
        id: entry.job.id,
        claims: entry.claims,
        running: entry.stage === 'held',
        urgent: entry.urgent,
        makesRoom: entry.job.kind === 'delete',
        lacksRoom: lacksRoom(entry.job.state),
      })),
    )
    for (const entry of open) {
      const place = waiting.get(entry.job.id)
      if (place === undefined) continue
      if (place.blockedBy === null && !this.#stopped) this.#start(entry)
      else this.#merge(entry, { state: { kind: 'queued', ...place } })
    }
    this.#forgetOld()
  }

  #start(entry: Entry): void {
    entry.stage = 'held'
    const startedAt = this.#ports.clock.now().toISOString()
    this.#merge(entry, { state: { kind: 'preparing', step: 'Getting ready' }, startedAt })
    entry.settled = Promise.resolve()
      .then(() => entry.run(entry.abort.signal))
      .then(
        () => this.#settle(entry, { kind: entry.job.state.kind === 'cancelling' ? 'cancelled' : 'done' }),
        (error) => {
          if (error instanceof NotYet) return this.#park(entry, error.state)
          if (isFinal(entry.job.state))
            this.#ports.logger.error('A job failed after its end', { id: entry.job.id, error })
          else if (!(error instanceof FloeError))
            this.#ports.logger.error('A job failed unexpectedly', { id: entry.job.id, kind: entry.job.kind, error })
          this.#settle(entry, endOf(error, entry.abort.signal))
        },
      )
  }

  #park(entry: Entry, state: WaitingState): void {
    if (entry.abort.signal.aborted || this.#stopped) {
      this.#takeOff(entry, this.#stopped ? { note: closedWhileWaiting } : {})
      return
    }
    entry.stage = 'parked'
    this.#merge(entry, { state, startedAt: null })
    this.#advance()
  }

  #settle(entry: Entry, state: Job['state']): void {
    this.#merge(entry, { state })
    this.#end(entry)
  }

  #end(entry: Entry): void {
    entry.stage = 'ended'
    this.#ended.push(entry.job.id)
    this.#advance()
  }

  #merge(entry: Entry, change: Partial<Omit<Job, 'id'>>): void {
    const before = entry.job
    const state = nextState(before.state, change.state ?? before.state)
    const next: Job = { ...before, ...change, state }
    const progress = this.#limitProgress(entry, next.progress, state.kind === 'done')
    const ends = isFinal(state) && !isFinal(before.state)
    const finishedAt = ends ? this.#ports.clock.now().toISOString() : next.finishedAt
    const still = isFinal(state) ? { canPause: false, canCancel: false } : {}
    entry.job = { ...next, ...still, progress, finishedAt }
    this.#publish(entry, isFinal(state))
    if (ends) for (const tell of entry.waiters.splice(0)) tell(entry.job)
  }

  #limitProgress(entry: Entry, progress: Progress | null, done: boolean): Progress | null {
    if (progress === null) return null
    const wished = Number.isFinite(progress.fraction) ? progress.fraction : 0
    entry.fraction = done ? 1 : Math.min(beforeDone, Math.max(entry.fraction, wished))
    return { ...progress, fraction: entry.fraction }
  }

  #publish(entry: Entry, atOnce: boolean): void {
    const wait = entry.publishedAt + this.#limits.publishEveryMs - this.#ports.clock.monotonic()
    if (atOnce || wait <= 0) {
      if (entry.timer !== null) clearTimeout(entry.timer)
      entry.timer = null
      entry.publishedAt = this.#ports.clock.monotonic()
      this.#topic.set(entry.job)
      return
    }
    if (entry.timer !== null) return
    entry.timer = setTimeout(() => {
      entry.timer = null
      this.#publish(entry, true)
    }, wait)
    entry.timer.unref()
  }

  #forgetOld(): void {
    const old = this.#ended.splice(0, Math.max(0, this.#ended.length - this.#limits.finished))
    for (const id of old) this.#entries.delete(id)
    if (old.length > 0) this.#topic.remove(...old)
  }
}

const closedWhileWaiting = 'Floe was closed while this was waiting; it does not start by itself any more.'

const lacksRoom = (state: Job['state']): boolean => state.kind === 'paused' && state.reason === 'no-space'

const hasNotBegun = ({ stage }: Entry): boolean => stage === 'parked' || stage === 'waiting'

/** A final state stays; a job that is being cancelled only ends. */
function nextState(before: Job['state'], after: Job['state']): Job['state'] {
  if (isFinal(before)) return before
  if (before.kind === 'cancelling' && !isFinal(after)) return before
  return after
}

function endOf(error: unknown, signal: AbortSignal): Job['state'] {
  const problem = toProblem(error)
  const gaveUp = problem.code.endsWith('/cancelled') || problem.code === 'ipc/aborted'
  const aborted = error instanceof Error && error.name === 'AbortError'
  if (signal.aborted && (gaveUp || aborted)) return { kind: 'cancelled' }
  return { kind: 'failed', problem }
}
