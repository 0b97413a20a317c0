// Who wants an export to last. When nobody does, it ends: an export costs the guest a little with every write.
export interface HoldLimits {
  /** How long a finished export waits for its first holder, in milliseconds. */
  readonly firstMs: number
  /** How long it lasts after its last holder left, in milliseconds. */
  readonly lastMs: number
}

export const usualLimits: HoldLimits = { firstMs: 15_000, lastMs: 5_000 }

export class Holders {
  readonly #limits: HoldLimits
  readonly #onNobody: () => void
  #count = 0
  #timer: NodeJS.Timeout | null = null
  #over = false

  /** `onNobody` is called once. */
  constructor(limits: HoldLimits, onNobody: () => void) {
    this.#limits = limits
    this.#onNobody = onNobody
  }

  /** Somebody holds the export until the answer is called. */
  enter(): () => void {
    this.#count += 1
    this.#stopTimer()
    let inside = true
    return () => {
      if (!inside) return
      inside = false
      this.#count -= 1
      if (this.#count === 0) this.#waitFor(this.#limits.lastMs)
    }
  }

  /** The export can be read from now on. */
  ready(): void {
    if (this.#count === 0 && this.#timer === null) this.#waitFor(this.#limits.firstMs)
  }

  /** The export is over; nobody is told any more. */
  close(): void {
    this.#over = true
    this.#stopTimer()
  }

  #waitFor(milliseconds: number): void {
    if (this.#over) return
    this.#timer = setTimeout(() => {
      this.close()
      this.#onNobody()
    }, milliseconds)
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}
