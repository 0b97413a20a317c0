// Backups that start by themselves once nothing stands in their way any more, which is looked at every few seconds. They
// are not kept over a restart of Floe.
import type { JobId } from '../../../shared/domain/ids.ts'
import type { JobBoard, WaitingState } from '../jobs/types.ts'
import type { Clock } from '../ports/index.ts'

/** Milliseconds. */
export interface WaitingTiming {
  readonly pollMs: number
  /** A machine that is off is looked for among all processes. */
  readonly machinePollMs: number
  /** How long a destination must have been back before it is used (ux.md 3.1). */
  readonly stableMs: number
}

export const usualWaiting: WaitingTiming = { pollMs: 2_000, machinePollMs: 5_000, stableMs: 10_000 }

export interface WaitingDeps {
  readonly board: Pick<JobBoard, 'update' | 'ready' | 'whenFinal'>
  readonly clock: Clock
  readonly timing: WaitingTiming
}

export interface Waited {
  readonly id: JobId
  readonly first: WaitingState
  /** What is in the way now; null when nothing is. Rejects when waiting will not help any more. */
  readonly look: () => Promise<WaitingState | null>
  /** Tells of a job that will never start. */
  readonly onFailed: (error: unknown) => void
}

export class Waiting {
  readonly #deps: WaitingDeps
  readonly #stopped = new AbortController()

  constructor(deps: WaitingDeps) {
    this.#deps = deps
  }

  /** Takes care of a job that is `waiting` on the board until it is ready, cancelled or hopeless. */
  watch(waited: Waited): void {
    const over = new AbortController()
    const end = () => over.abort()
    this.#stopped.signal.addEventListener('abort', end, { once: true })
    void this.#deps.board.whenFinal(waited.id).then(end)
    void this.#follow(waited, over.signal)
      .catch((error: unknown) => {
        if (!over.signal.aborted) waited.onFailed(error)
      })
      .finally(() => this.#stopped.signal.removeEventListener('abort', end))
  }

  stop(): void {
    this.#stopped.abort()
  }

  async #follow({ id, first, look }: Waited, over: AbortSignal): Promise<void> {
    const { board, clock, timing } = this.#deps
    let waitsFor = first.for
    let clearSince: number | null = null
    for (;;) {
      const ms = waitsFor === 'machine' ? timing.machinePollMs : timing.pollMs
      await pause(ms, over)
      if (over.aborted) return
      const obstacle = await look()
      if (over.aborted) return
      if (obstacle) {
        clearSince = null
        waitsFor = obstacle.for
        board.update(id, { state: obstacle })
        continue
      }
      clearSince ??= clock.monotonic()
      if (waitsFor === 'destination' && clock.monotonic() - clearSince < timing.stableMs) continue
      return board.ready(id)
    }
  }
}

function pause(ms: number, over: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      over.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    timer.unref()
    over.addEventListener('abort', end, { once: true })
    if (over.aborted) end()
  })
}
