import type { Clock } from '../ports/index.ts'

const firstPauseMs = 4_000
const longestBusyPauseMs = 10_000
const longestPauseMs = 60_000
const mostEarlyTries = 10

/** When to try again to reach a machine: longer and longer pauses, so that trouble is no load. */
export class Retry {
  readonly #clock: Clock
  #at = 0
  #pauseMs = 0
  #earlyTries = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get isDue(): boolean {
    return this.#clock.monotonic() >= this.#at
  }

  /** It was reached. */
  done(): void {
    this.#at = 0
    this.#pauseMs = 0
  }

  /** Another process runs the machine now. */
  reset(): void {
    this.done()
    this.#earlyTries = 0
  }

  /**
   * Answers true for a QEMU that has only just begun to start: then it is worth trying at once. `busy`: such a try ends
   * as soon as the other program lets go.
   */
  failed(how: 'coming' | 'busy' | 'other'): boolean {
    if (how === 'coming' && this.#earlyTries < mostEarlyTries) {
      this.#earlyTries += 1
      return true
    }
    // A look at a missing socket costs nothing.
    const longest = how === 'coming' ? firstPauseMs : how === 'busy' ? longestBusyPauseMs : longestPauseMs
    this.#pauseMs = Math.min(longest, this.#pauseMs === 0 ? firstPauseMs : this.#pauseMs * 2)
    this.#at = this.#clock.monotonic() + this.#pauseMs
    return false
  }
}
