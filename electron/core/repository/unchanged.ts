// What was read from files that seldom change, like the manifests and headers of a long chain: looking whether they are
// still the same costs a fraction of reading them again.
import type { BigIntStats } from 'node:fs'
import { lstat } from 'node:fs/promises'

/** More than the chains that are walked in a day hold; a manifest of a machine takes some tens of kilobytes. */
const most = 2_000

/** A file that changed a moment ago may change again without its times telling. Milliseconds. */
const settledAfter = 2_000

interface Seen {
  readonly signature: string
  /** By this computer's clock; one that is ahead or behind costs reading again, or nothing. */
  readonly isSettled: boolean
}

/** By what a file that was changed or replaced tells itself from the one before. */
export const signatureOf = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string =>
  [dev, ino, size, mtimeNs, ctimeNs].join(':')

/** Null when there is no plain file. */
async function look(path: string): Promise<Seen | null> {
  const found = await lstat(path, { bigint: true }).catch((): BigIntStats | null => null)
  if (!found?.isFile()) return null
  const age = Date.now() - Number(found.ctimeNs / 1_000_000n)
  return { signature: signatureOf(found), isSettled: age > settledAfter }
}

/** Reads a file once for as long as it stays the same: by its inode, its size, and both its times. */
export class Unchanged<T> {
  readonly #read: (path: string) => Promise<T>
  readonly #isSound: (value: T) => boolean
  #kept = new Map<string, { readonly signature: string; readonly value: T }>()

  /**
   * `read`: its errors go to whoever asks, and nothing is kept of them, nor of what is not sound: it may be the cable. What
   * it answers is shared, so nobody changes it.
   */
  constructor(read: (path: string) => Promise<T>, isSound: (value: T) => boolean) {
    this.#read = read
    this.#isSound = isSound
  }

  async of(path: string): Promise<T> {
    const seen = await look(path)
    const known = this.#kept.get(path)
    if (seen !== null && known?.signature === seen.signature) return known.value
    this.#kept.delete(path)
    const value = await this.#read(path)
    if (!seen?.isSettled || !this.#isSound(value) || (await look(path))?.signature !== seen.signature) return value
    if (this.#kept.size >= most) this.#kept.clear()
    this.#kept.set(path, { signature: seen.signature, value })
    return value
  }
}
