// The computer sleeps and wakes. Copies are paused before it sleeps; afterwards drives and networks need a while to come
// back, and a copy that goes on too early fails with an I/O error. What the person had paused stays paused.
import { setTimeout as wait } from 'node:timers/promises'
import type { Logger, PowerEvents } from '../ports/index.ts'

/** What a running backup offers to whoever watches the host's power. */
export interface SleepingCopy {
  /** For the log. */
  readonly name: string
  /** Pauses the copy for the sleep; false when there is nothing to pause. */
  fallAsleep(): Promise<boolean>
  /** Do destination and machine answer? Rejects when the copy is over. */
  answers(): Promise<boolean>
  /** Takes the sleep's own pause back. */
  wakeUp(): Promise<void>
  isOver(): boolean
}

export interface HostSleepOptions {
  /** Null where the host tells nothing of it: then only what an earlier Floe had paused is brought back. */
  readonly power: PowerEvents | null
  readonly copies: () => readonly SleepingCopy[]
  /** Once after each wake, beside the copies: a guest's clock stood still. */
  readonly afterWake: () => Promise<void>
  readonly logger: Logger
  /** Between two looks whether all is back, in milliseconds: for the first half minute, and after it. */
  readonly lookEveryMs?: { readonly first: number; readonly later: number }
}

const quickLooksMs = 30_000
/** How long pausing may take before waking goes on without its answer. */
const pausingMs = 10_000

/** Follows the host's power until `stop`. */
export class HostSleep {
  readonly #options: HostSleepOptions
  readonly #stopped = new AbortController()
  /** Copies that this sleep (or one before) paused and that do not go on yet. */
  readonly #held = new Map<SleepingCopy, Promise<boolean>>()
  #awake = new AbortController()

  constructor(options: HostSleepOptions) {
    this.#options = options
    options.power?.onSuspend(() => this.#suspend())
    options.power?.onResume(() => this.#resume())
  }

  /** Lets go of everything; what is paused stays paused. */
  stop(): void {
    this.#stopped.abort()
  }

  /** A copy that an earlier Floe had paused for a sleep. */
  bringBack(copy: SleepingCopy): void {
    const pausing = Promise.resolve(true)
    this.#held.set(copy, pausing)
    void this.#bringBack(copy, pausing, AbortSignal.any([this.#stopped.signal, this.#awake.signal]))
  }

  #suspend(): void {
    if (this.#stopped.signal.aborted) return
    this.#awake.abort()
    const { copies, logger } = this.#options
    logger.info('The computer goes to sleep')
    for (const copy of copies()) {
      const pausing = copy.fallAsleep().catch((error: unknown) => {
        logger.warn('A copy could not be paused before sleep', { copy: copy.name, error: String(error) })
        // It may have reached QEMU all the same: whatever was paused must go on.
        return true
      })
      this.#held.set(copy, pausing)
    }
  }

  #resume(): void {
    if (this.#stopped.signal.aborted) return
    const { afterWake, logger } = this.#options
    this.#awake.abort()
    this.#awake = new AbortController()
    const signal = AbortSignal.any([this.#stopped.signal, this.#awake.signal])
    logger.info('The computer is awake again', { paused: this.#held.size })
    for (const [copy, pausing] of this.#held) void this.#bringBack(copy, pausing, signal)
    afterWake().catch((error: unknown) => logger.warn('Not all was done after waking', { error: String(error) }))
  }

  async #bringBack(copy: SleepingCopy, pausing: Promise<boolean>, signal: AbortSignal): Promise<void> {
    const { logger, lookEveryMs = { first: 1_000, later: 5_000 } } = this.#options
    const isPaused = await Promise.race([pausing, wait(pausingMs, true, { ref: false })])
    const since = performance.now()
    while (isPaused && !signal.aborted && !copy.isOver()) {
      try {
        if (await copy.answers()) {
          if (signal.aborted) return
          await copy.wakeUp()
          break
        }
      } catch (error) {
        logger.warn('A copy does not go on after sleep yet', { copy: copy.name, error: String(error) })
      }
      const early = performance.now() - since < quickLooksMs
      await wait(early ? lookEveryMs.first : lookEveryMs.later, undefined, { signal, ref: false }).catch(() => {})
    }
    if (!signal.aborted) this.#held.delete(copy)
  }
}
