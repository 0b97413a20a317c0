import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { DestinationId } from '../../../shared/domain/ids.ts'
import { PointId } from '../../../shared/domain/ids.ts'
import { Point } from '../../../shared/domain/point.ts'
import type { Logger } from '../ports/index.ts'
import { writeDurably } from './durable-file.ts'
import type { StoredPoint } from './scan.ts'

const Remembered = z.object({
  version: z.literal(1),
  points: z.array(z.object({ point: Point, sequence: z.number(), backedBy: z.array(PointId), newer: z.boolean() })),
})

/**
 * What lay on each destination when it was last seen, so that the points of an unplugged drive are still listed after
 * Floe was closed. Only a memory: what a connected destination holds is always read from the destination.
 */
export class RememberedPoints {
  readonly #folder: string
  readonly #logger: Logger
  readonly #saved = new Map<string, readonly StoredPoint[]>()

  constructor(folder: string, logger: Logger) {
    this.#folder = folder
    this.#logger = logger
  }

  #file(id: DestinationId): string {
    return join(this.#folder, `${id}.json`)
  }

  /** Empty when nothing is remembered or what is there cannot be used. */
  async load(id: DestinationId): Promise<readonly StoredPoint[]> {
    try {
      return Remembered.parse(JSON.parse(await readFile(this.#file(id), 'utf8'))).points
    } catch {
      return []
    }
  }

  /** Writes only what changed. The scanner answers the very same objects for points that did not. */
  async save(id: DestinationId, points: readonly StoredPoint[]): Promise<void> {
    const before = this.#saved.get(id)
    const known = new Set(before)
    if (before && before.length === points.length && points.every((stored) => known.has(stored))) return
    const text = JSON.stringify({ version: 1, points })
    try {
      const written = before ? null : await readFile(this.#file(id), 'utf8').catch(() => null)
      if (written !== text) await this.#write(id, text)
      this.#saved.set(id, points)
    } catch (error) {
      this.#logger.warn('The restore points of a destination could not be remembered', { id, error: String(error) })
    }
  }

  async #write(id: DestinationId, text: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true })
    await writeDurably(this.#file(id), text)
  }

  async forget(id: DestinationId): Promise<void> {
    this.#saved.delete(id)
    await rm(this.#file(id), { force: true })
  }
}
