// Notices a copy that stands still though nobody paused it (ux.md X2). Pure but for the clock it is told.

/** How long without a byte, in milliseconds. */
export const standsStillAfterMs = 120_000

export class StallWatch {
  readonly #afterMs: number
  #moved = 0
  #movedAt: number | null = null

  constructor(afterMs: number = standsStillAfterMs) {
    this.#afterMs = afterMs
  }

  /**
   * `moved`: anything that changes when the copy gets on, e.g. bytes; null when nobody could look.
   * Answers how many milliseconds ago the last byte moved, once that is too long; else null.
   */
  look(at: number, moved: number | null, paused: boolean): number | null {
    if (this.#movedAt === null || paused || (moved !== null && moved !== this.#moved)) {
      this.#moved = moved ?? this.#moved
      this.#movedAt = at
      return null
    }
    const forMs = at - this.#movedAt
    return forMs >= this.#afterMs ? forMs : null
  }
}
