// When to look at the system for machines: at regular times, more often while somebody watches, at once when something
// ended, and whenever somebody asks. One round at a time.
import type { QmpEndpoint } from '../../../shared/domain/machine.ts'
import type { Discovery } from '../../../shared/ipc/contract.ts'
import type { Logger } from '../ports/index.ts'
import { isRunning } from '../ports/is-running.ts'
import type { MachineTiming } from './timing.ts'

export interface RoundsDeps {
  readonly timing: Pick<MachineTiming, 'watchedMs' | 'idleMs' | 'pidCheckMs'>
  readonly logger: Logger
  /** One look at the system. `force` ignores pauses after failures and waits for every answer. */
  readonly round: (force: boolean, endpoints: readonly QmpEndpoint[]) => Promise<Discovery>
  /** Processes that are known to run. */
  readonly pids: () => readonly number[]
}

export class Rounds {
  readonly #deps: RoundsDeps
  #last: Promise<unknown> = Promise.resolve()
  #again = false
  #timer: NodeJS.Timeout | null = null
  #pidTimer: NodeJS.Timeout | null = null
  #watched = false
  #running = false

  constructor(deps: RoundsDeps) {
    this.#deps = deps
  }

  get isRunning(): boolean {
    return this.#running
  }

  /** Makes the first round, then goes on by itself. */
  async start(): Promise<void> {
    this.#running = true
    await this.ask(true)
    if (!this.#running) return
    this.#schedule()
    this.#pidTimer = setInterval(() => this.#checkPids(), this.#deps.timing.pidCheckMs)
    this.#pidTimer.unref()
  }

  /** No more rounds; `settled` waits for the one under way. */
  stop(): void {
    this.#running = false
    for (const timer of [this.#timer, this.#pidTimer]) if (timer) clearTimeout(timer)
  }

  async settled(): Promise<void> {
    await this.#last
  }

  setWatched(watched: boolean): void {
    if (this.#watched === watched) return
    this.#watched = watched
    if (!this.#running) return
    if (watched) this.soon()
    this.#schedule()
  }

  ask(force: boolean, endpoints: readonly QmpEndpoint[] = []): Promise<Discovery> {
    const mine = this.#last.then(() => {
      this.#again = false
      return this.#deps.round(force, endpoints)
    })
    this.#last = mine.catch(() => null)
    return mine
  }

  /** Something changed: one round right after the one that runs now. */
  soon(): void {
    if (!this.#running || this.#again) return
    this.#again = true
    void this.ask(false).catch((error: unknown) => this.#failed(error))
  }

  #schedule(): void {
    if (this.#timer) clearTimeout(this.#timer)
    const after = this.#watched ? this.#deps.timing.watchedMs : this.#deps.timing.idleMs
    this.#timer = setTimeout(() => {
      void this.ask(false)
        .catch((error: unknown) => this.#failed(error))
        .finally(() => {
          if (this.#running) this.#schedule()
        })
    }, after)
    this.#timer.unref()
  }

  #checkPids(): void {
    if (!this.#deps.pids().every(isRunning)) this.soon()
  }

  #failed(error: unknown): void {
    this.#deps.logger.warn('Looking for machines failed.', { error })
  }
}
