import type { JobId } from '../../../shared/domain/ids.ts'
import type { Job, JobState } from '../../../shared/domain/job.ts'

/** What a job's owner lets people do with it. Missing: not possible for this job. */
export interface JobControls {
  readonly pause?: () => Promise<void>
  readonly resume?: () => Promise<void>
  readonly cancel?: () => Promise<void>
  readonly setLimit?: (bytesPerSecond: number | null) => Promise<void>
  readonly skipCheck?: () => Promise<void>
}

/** A job that starts by itself once something that is missing is there. */
export type WaitingState = Extract<JobState, { kind: 'waiting' }>

/** Thrown by a job's `run` before it began: there is something to wait for after all. */
export class NotYet extends Error {
  override readonly name = 'NotYet'
  readonly state: WaitingState

  constructor(state: WaitingState) {
    super(state.problem.message)
    this.state = state
  }
}

/**
 * The list of everything that takes time, and the queue: one writing job per destination (and one per machine) at a
 * time, reading jobs beside them. Owners describe their job; the board publishes it at most four times a second,
 * final states at once, and remembers finished jobs of this session.
 */
export interface JobBoard {
  list(): readonly Job[]
  /** @throws FloeError `job/unknown` */
  get(id: JobId): Job
  /**
   * Puts a job on the board as queued; `run` starts when nothing earlier holds one of its `claims`, which it keeps until
   * `run` settles. Claims `destination:...` are soft (`startNow` steps over them), all others hard. `run` resolving
   * makes the job done, rejecting makes it failed (or cancelled, when it was cancelled), unless it is final already.
   * A job whose state is `waiting` claims nothing and does not start before `ready`; one whose `run` rejects with
   * `NotYet` goes back to that.
   */
  enqueue(job: Job, claims: readonly string[], controls: JobControls, run: (signal: AbortSignal) => Promise<void>): void
  /** What a `waiting` job waits for is there: it queues. */
  ready(id: JobId): void
  /** Merges into the job as it stands. */
  update(id: JobId, change: Partial<Omit<Job, 'id'>>): void
  /** Lets others have a claim that the job does not need any more. */
  giveBack(id: JobId, claim: string): void
  startNow(id: JobId): void
  pause(id: JobId): Promise<void>
  resume(id: JobId): Promise<void>
  /** A queued job is taken off; a running one is told. */
  cancel(id: JobId): Promise<void>
  setLimit(id: JobId, bytesPerSecond: number | null): Promise<void>
  skipCheck(id: JobId): Promise<void>
  /** Resolves when the job is final. */
  whenFinal(id: JobId): Promise<Job>
  /** Jobs that are not final. */
  active(): readonly Job[]
  /**
   * Ends everything but backups, which go on inside QEMU and are found again: what waits is taken off, what runs is told
   * to stop and waited for, so that nobody works on files any more that the next Floe will look at. Takes no new jobs.
   */
  stop(): Promise<void>
}
