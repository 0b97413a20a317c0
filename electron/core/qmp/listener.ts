// A queue of events of some names, one per listener, filled from the moment it is created: whoever creates it before
// the command loses no event of that command.
import type { QmpEvent, QmpEventListener } from './types.ts'

export class EventQueue implements QmpEventListener {
  readonly #names: ReadonlySet<string>
  readonly #onClose: (queue: EventQueue) => void
  #events: QmpEvent[] = []
  #waiting: ((event: QmpEvent | null) => void)[] = []
  #closed = false

  constructor(names: readonly string[], onClose: (queue: EventQueue) => void) {
    this.#names = new Set(names)
    this.#onClose = onClose
  }

  deliver(event: QmpEvent): void {
    if (this.#closed || !this.#names.has(event.event)) return
    const waiting = this.#waiting.shift()
    if (waiting) waiting(event)
    else this.#events.push(event)
  }

  /** The next event; null when closed and empty, or when `signal` is aborted while waiting. */
  next(signal?: AbortSignal): Promise<QmpEvent | null> {
    const event = this.#events.shift()
    if (event) return Promise.resolve(event)
    if (this.#closed || signal?.aborted) return Promise.resolve(null)
    return new Promise((resolve) => {
      const answer = (arrived: QmpEvent | null) => {
        signal?.removeEventListener('abort', giveUp)
        resolve(arrived)
      }
      const giveUp = () => {
        this.#waiting = this.#waiting.filter((waiting) => waiting !== answer)
        resolve(null)
      }
      signal?.addEventListener('abort', giveUp, { once: true })
      this.#waiting.push(answer)
    })
  }

  /** Events that arrived before stay readable. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const waiting of this.#waiting.splice(0)) waiting(null)
    this.#onClose(this)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  async *[Symbol.asyncIterator](): AsyncIterator<QmpEvent> {
    for (let event = await this.next(); event !== null; event = await this.next()) yield event
  }
}
