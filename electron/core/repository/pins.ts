import type { PointId } from '../../../shared/domain/ids.ts'
import type { Point } from '../../../shared/domain/point.ts'
import { FloeError } from '../errors.ts'

/** Points that somebody reads right now, and that must not go away under the reader. */
export class Pins {
  readonly #holders = new Map<PointId, number>()

  readonly #seized = new Set<PointId>()

  /** @throws FloeError `point/in-use` while the point is being deleted */
  hold({ id, createdAt }: Pick<Point, 'id' | 'createdAt'>): Disposable {
    if (this.#seized.has(id)) {
      throw new FloeError('point/in-use', `The restore point of ${createdAt} is being deleted.`, {
        params: { id },
        remedy: 'Use another restore point.',
      })
    }
    this.#holders.set(id, (this.#holders.get(id) ?? 0) + 1)
    let held = true
    return {
      [Symbol.dispose]: () => {
        if (!held) return
        held = false
        const left = (this.#holders.get(id) ?? 1) - 1
        if (left > 0) this.#holders.set(id, left)
        else this.#holders.delete(id)
      },
    }
  }

  /** Is it about to go? */
  isSeized(id: PointId): boolean {
    return this.#seized.has(id)
  }

  has(id: PointId): boolean {
    return this.#holders.has(id)
  }

  /** Keeps readers away from a point that is about to go. @throws FloeError `point/in-use` */
  seize(point: Point): Disposable {
    if (this.#holders.has(point.id) || this.#seized.has(point.id)) throw this.inUse(point)
    this.#seized.add(point.id)
    return { [Symbol.dispose]: () => void this.#seized.delete(point.id) }
  }

  inUse(point: Point): FloeError {
    return new FloeError('point/in-use', `The restore point of ${point.createdAt} is being read by a job.`, {
      params: { id: point.id },
      remedy: 'Wait for the job to end, or cancel it.',
    })
  }
}
