/**
 * A reading that gives way: held up for as long as somebody says so, and no faster than is allowed. What is being read
 * right now is read to its end first. Seen by the worker that reads through shared memory.
 */
export class Pace {
  readonly flag: Int32Array<SharedArrayBuffer> = new Int32Array(new SharedArrayBuffer(8))

  get held(): boolean {
    return Atomics.load(this.flag, held) !== 0
  }

  hold(): void {
    Atomics.store(this.flag, held, 1)
  }

  goOn(): void {
    Atomics.store(this.flag, held, 0)
    Atomics.notify(this.flag, held)
  }

  /** Bytes per second, in steps of 1,024; null for as fast as it goes. */
  limit(bytesPerSecond: number | null): void {
    const kibibytes =
      bytesPerSecond === null ? noLimit : Math.max(1, Math.min(2 ** 31 - 1, Math.floor(bytesPerSecond / 1024)))
    Atomics.store(this.flag, rate, kibibytes)
    Atomics.notify(this.flag, rate)
  }
}

/** Places in a pace's flag. */
const held = 0
const rate = 1
const noLimit = 0

/**
 * Asked before each read of so many bytes; resolves when the pace allows it, at once without a pace. Shared by all who read
 * at its speed.
 */
export function turnsOf(flag: Int32Array<SharedArrayBuffer> | null): (bytes: number) => Promise<void> {
  if (flag === null) return () => Promise.resolve()
  let nextAt = 0
  let speed = noLimit
  return async (bytes) => {
    while (Atomics.load(flag, held) !== 0) await Atomics.waitAsync(flag, held, 1).value
    for (;;) {
      const allowed = Atomics.load(flag, rate)
      if (allowed === noLimit) return
      const now = performance.now()
      if (allowed !== speed) nextAt = Math.min(nextAt, now)
      speed = allowed
      if (nextAt <= now) {
        nextAt = now + (bytes / 1024 / allowed) * 1000
        return
      }
      await Atomics.waitAsync(flag, rate, allowed, nextAt - now).value
    }
  }
}
