import { cluster } from './clusters.ts'

/** Before the data of a buffer: a structured reply's head and the offset of the data. */
export const headRoom = 28

/**
 * Bounds what one reader may have in flight: a slot is a request to the server behind, kept until the reader has taken
 * the answer. Whoever asks first gets a slot first.
 */
export class Slots {
  readonly count: number
  #left: number
  readonly #waiting: (() => void)[] = []
  readonly #buffers: Buffer[] = []

  constructor(count: number) {
    this.count = count
    this.#left = count
  }

  acquire(): Promise<void> {
    if (this.#left > 0) {
      this.#left -= 1
      return Promise.resolve()
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  release(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#left += 1
  }

  /** For one cluster and the head of its reply. Only while a slot is held, so there are never more than slots. */
  takeBuffer(): Buffer {
    return this.#buffers.pop() ?? Buffer.allocUnsafeSlow(headRoom + cluster)
  }

  giveBack(buffer: Buffer): void {
    this.#buffers.push(buffer)
  }
}
