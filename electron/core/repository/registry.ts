import { mkdir, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { DestinationId } from '../../../shared/domain/ids.ts'
import { FloeError } from '../errors.ts'
import type { Logger } from '../ports/index.ts'
import { writeDurably } from './durable-file.ts'
import { errorCode } from './failures.ts'

/** A destination this home knows, wherever its drive is. */
const Known = z.object({
  id: DestinationId,
  name: z.string(),
  path: z.string(),
  /** How points are stored there, as found out by cloning a file. */
  storage: z.enum(['clone', 'chain']),
  lastSeenAt: z.string().nullable(),
})
export type Known = z.infer<typeof Known>

const Registry = z.object({ version: z.literal(1), destinations: z.array(Known) })

/** `<home>/destinations.json`: which folders are destinations. What lies in them is only ever read from them. */
export class DestinationRegistry {
  readonly #file: string
  readonly #logger: Logger
  #known: readonly Known[] = []
  #turn: Promise<void> = Promise.resolve()

  constructor(file: string, logger: Logger) {
    this.#file = file
    this.#logger = logger
  }

  list(): readonly Known[] {
    return this.#known
  }

  find(id: string): Known | undefined {
    return this.#known.find((known) => known.id === id)
  }

  /** A registry that cannot be read is put aside, never overwritten: the destinations themselves are unharmed. */
  async load(): Promise<void> {
    let text: string
    try {
      text = await readFile(this.#file, 'utf8')
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return
      throw error
    }
    try {
      this.#known = Registry.parse(JSON.parse(text)).destinations
    } catch (error) {
      const aside = `${this.#file}.damaged`
      await rename(this.#file, aside)
      this.#logger.error('The list of destinations could not be read and was put aside', {
        aside,
        error: String(error),
      })
    }
  }

  put(known: Known): Promise<void> {
    return this.#change((list) => [...list.filter((other) => other.id !== known.id), known])
  }

  /** Changes a destination that is known; does nothing for one that was removed meanwhile. */
  update(id: DestinationId, change: Partial<Omit<Known, 'id'>>): Promise<void> {
    return this.#change((list) => list.map((known) => (known.id === id ? { ...known, ...change } : known)))
  }

  remove(id: DestinationId): Promise<void> {
    return this.#change((list) => list.filter((known) => known.id !== id))
  }

  /** One change at a time, each on top of the one before. */
  #change(change: (list: readonly Known[]) => readonly Known[]): Promise<void> {
    const turn = this.#turn.then(() => this.#save(change(this.#known)))
    this.#turn = turn.catch(() => {})
    return turn
  }

  async #save(destinations: readonly Known[]): Promise<void> {
    try {
      await mkdir(dirname(this.#file), { recursive: true })
      await writeDurably(this.#file, `${JSON.stringify({ version: 1, destinations }, null, 2)}\n`)
    } catch (error) {
      throw new FloeError('system/home-unwritable', `Floe cannot write to its folder "${dirname(this.#file)}".`, {
        params: { path: dirname(this.#file) },
        remedy: 'Make the folder writable, and make sure that its disk is not full.',
        cause: error,
      })
    }
    this.#known = destinations
  }
}
