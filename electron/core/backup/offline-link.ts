import { setTimeout as wait } from 'node:timers/promises'
import { FloeError } from '../errors.ts'
import type { QmpSession } from '../qmp/types.ts'
import type { OfflineSource } from '../storage-daemon/offline-source.ts'
import type { QemuLink, SourceImages } from './link.ts'
import { Detached, MachineEnded } from './machine-link.ts'

const lastWordsMs = 1_000

/** The storage daemon that copied the images of a machine that is off has ended; nothing of the copy can be saved. */
export class DaemonEnded extends MachineEnded {}

/** A backup's hold on the storage daemon that stands in for a machine that is off. It is not there to come back. */
export class OfflineLink implements QemuLink {
  readonly breaks = 0
  readonly images: SourceImages | null
  readonly #source: OfflineSource | null
  #detached = false
  #closed = false
  #lastWords = ''

  /** Null for a backup of an earlier run of Floe, whose daemon ended with it. */
  constructor(source: OfflineSource | null, images: SourceImages | null) {
    this.#source = source
    this.images = images
    void source?.session.closed.then(() => {
      this.#closed = true
    })
    void source?.ended.then((words) => {
      this.#lastWords = words.trim()
    })
  }

  /** @throws DaemonEnded, Detached */
  async session(): Promise<QmpSession> {
    if (this.#detached) throw new Detached()
    if (this.#source === null || this.#closed) throw this.#ended()
    return this.#source.session
  }

  /** @throws DaemonEnded, Detached */
  async use<T>(work: (session: QmpSession) => Promise<T>): Promise<T> {
    const session = await this.session()
    try {
      return await work(session)
    } catch (error) {
      if (!(error instanceof FloeError) || error.code !== 'machine/interrupted') throw error
      if (this.#detached) throw new Detached()
      // Its last words come a moment after the end of the connection.
      await Promise.race([this.#source?.ended, wait(lastWordsMs, undefined, { ref: false })])
      throw this.#ended(error)
    }
  }

  /** Ends the daemon: from here on the images are free. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#source?.[Symbol.asyncDispose]()
  }

  async detach(): Promise<void> {
    this.#detached = true
    await this.close()
  }

  #ended(cause?: unknown): DaemonEnded {
    const words = this.#lastWords === '' ? '' : ` It said: ${this.#lastWords}`
    return new DaemonEnded(`qemu-storage-daemon, which read the images, ended.${words}`, { cause })
  }
}
