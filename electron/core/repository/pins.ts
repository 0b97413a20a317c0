import type { PointId } from '../../../shared/domain/ids.ts'
import type { Point } from '../../../shared/domain/point.ts'
import { FloeError } from '../errors.ts'

/** What becomes of a point that nobody may read: it goes, or it stays and takes up data of earlier ones that go. */
export type Seizure = 'going' | 'changing'

/** Points that somebody reads right now, and that must not go away under the reader. */
export class Pins {
  readonly #holders = new Map<PointId, number>()

  readonly #seized = new Map<PointId, Seizure>()

  /** @throws FloeError `point/in-use` while the point is being deleted, or changed because others are */
  hold(point: Pick<Point, 'id' | 'createdAt'>): Disposable {
    const { id } = point
    const seizure = this.#seized.get(id)
    if (seizure !== undefined) {
      throw new FloeError('point/in-use', this.whySeized(point) ?? '', {
        params: { id },
        remedy:
          seizure === 'going' ? 'Use another restore point.' : 'Wait for that to end, or cancel it; this point stays.',
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

  /** Is it about to go, or being changed? */
  isSeized(id: PointId): boolean {
    return this.#seized.has(id)
  }

  /** What is being done to a point that nobody may read now, as a sentence; null when it may be read. */
  whySeized({ id, createdAt }: Pick<Point, 'id' | 'createdAt'>): string | null {
    const seizure = this.#seized.get(id)
    if (seizure === undefined) return null
    if (seizure === 'going') return `The restore point of ${createdAt} is being deleted.`
    return `The files of the restore point of ${createdAt} are taking over data of earlier points that are being deleted.`
  }

  has(id: PointId): boolean {
    return this.#holders.has(id)
  }

  /** Keeps readers away from a point that is about to go or to change. @throws FloeError `point/in-use` */
  seize(point: Point, seizure: Seizure = 'going'): Disposable {
    if (this.#holders.has(point.id) || this.#seized.has(point.id)) throw this.inUse(point)
    this.#seized.set(point.id, seizure)
    return { [Symbol.dispose]: () => void this.#seized.delete(point.id) }
  }

  inUse(point: Point): FloeError {
    const why = this.whySeized(point) ?? `The restore point of ${point.createdAt} is being read by a job.`
    return new FloeError('point/in-use', why, {
      params: { id: point.id },
      remedy: 'Wait for the job to end, or cancel it.',
    })
  }
}
