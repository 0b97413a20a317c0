/**
 * A reading that gives way: at low priority, and held up for as long as somebody says so. What is being read right now is
 * read to its end first. Seen by the worker that reads through shared memory.
 */
export class Pace {
  readonly flag: Int32Array<SharedArrayBuffer> = new Int32Array(new SharedArrayBuffer(4))

  get held(): boolean {
    return Atomics.load(this.flag, 0) !== 0
  }

  hold(): void {
    Atomics.store(this.flag, 0, 1)
  }

  goOn(): void {
    Atomics.store(this.flag, 0, 0)
    Atomics.notify(this.flag, 0)
  }
}

/** Resolves when the flag of a `Pace` lets reading go on; at once without one. */
export async function mayRead(flag: Int32Array<SharedArrayBuffer> | null): Promise<void> {
  while (flag !== null && Atomics.load(flag, 0) !== 0) await Atomics.waitAsync(flag, 0, 1).value
}
