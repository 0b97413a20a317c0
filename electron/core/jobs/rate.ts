// How fast, and how long still (ux.md 4): an 8 s window, a rate after 3 s, 0 after 5 s without a byte, an estimate
// after 10 s and 2 %, and no jumping estimate: it changes only when it is off by more than a tenth.
import type { Progress } from '../../../shared/domain/job.ts'

const windowMs = 8000
const rateAfterMs = 3000
const idleAfterMs = 5000
const estimateAfterMs = 10_000
const estimateAfterShare = 0.02
const tolerance = 0.1

interface Sample {
  readonly at: number
  readonly bytes: number
}

export class RateMeter {
  #samples: Sample[] = []
  #movedAt = 0
  #estimate: { readonly at: number; readonly seconds: number } | null = null
  #spentMs = 0

  /** Tells how many bytes are done at `at` (monotonic milliseconds) and answers the progress to show. */
  progress(at: number, doneBytes: number, totalBytes: number): Progress {
    this.#take(at, doneBytes)
    const fraction = totalBytes > 0 ? Math.min(1, doneBytes / totalBytes) : 0
    const bytesPerSecond = this.#rate(at)
    return {
      doneBytes,
      totalBytes,
      fraction,
      bytesPerSecond,
      secondsLeft: this.#secondsLeft(at, fraction, Math.max(0, totalBytes - doneBytes), bytesPerSecond),
    }
  }

  /** The clock stands still while paused: the time until the next sample does not count. */
  pause(): void {
    this.#samples = []
    this.#estimate = null
  }

  #take(at: number, bytes: number): void {
    const last = this.#samples.at(-1)
    if (last === undefined || bytes > last.bytes) this.#movedAt = at
    if (last !== undefined) this.#spentMs += Math.max(0, at - last.at)
    this.#samples.push({ at, bytes })
    while (this.#samples.length > 2 && (this.#samples[1]?.at ?? at) <= at - windowMs) this.#samples.shift()
  }

  #rate(at: number): number | null {
    const first = this.#samples[0]
    const last = this.#samples.at(-1)
    if (first === undefined || last === undefined || last.at - first.at < rateAfterMs) return null
    if (at - this.#movedAt >= idleAfterMs) return 0
    return Math.max(0, ((last.bytes - first.bytes) * 1000) / (last.at - first.at))
  }

  #secondsLeft(at: number, fraction: number, left: number, rate: number | null): number | null {
    const early = this.#spentMs < estimateAfterMs || fraction < estimateAfterShare
    if (early || rate === null || rate === 0) {
      this.#estimate = null
      return null
    }
    const fresh = left / rate
    const expected = this.#estimate === null ? null : this.#estimate.seconds - (at - this.#estimate.at) / 1000
    if (expected !== null && expected > 0 && Math.abs(fresh - expected) <= expected * tolerance) return expected
    this.#estimate = { at, seconds: fresh }
    return fresh
  }
}
