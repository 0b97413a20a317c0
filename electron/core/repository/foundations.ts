import type { PointId } from '../../../shared/domain/ids.ts'
import type { Point } from '../../../shared/domain/point.ts'
import { parentLost } from './making-images.ts'
import { type Owner, parentsOf } from './partials.ts'
import type { Pins } from './pins.ts'
import type { NewPoint } from './types.ts'

type Held = Pick<Point, 'id' | 'createdAt'>

/** The points that unfinished ones start from: they stay until those are recorded or discarded. */
export class Foundations {
  readonly #pins: Pins
  readonly #catalog: { find(id: PointId): Point | null }
  readonly #held = new Map<PointId, Map<PointId, Disposable>>()

  constructor(pins: Pins, catalog: { find(id: PointId): Point | null }) {
    this.#pins = pins
    this.#catalog = catalog
  }

  /** @throws FloeError `backup/parent-lost` when one is gone or going */
  begin(point: NewPoint): void {
    for (const { id, parentId } of point.disks) {
      if (parentId === undefined || parentId === null) continue
      const parent = this.#catalog.find(parentId)
      if (!parent) throw parentLost(`There is none with the id "${parentId}" any more.`, { id: parentId, disk: id })
      this.hold(point.id, parent)
    }
  }

  /** After a restart: whatever became of the points meanwhile, those that are there stay. */
  takeUp({ point, images }: Owner): void {
    for (const id of parentsOf({ point, images })) {
      if (!this.#pins.isSeized(id)) this.hold(point.id, { id, createdAt: this.#catalog.find(id)?.createdAt ?? id })
    }
  }

  /** @throws FloeError `backup/parent-lost` while the parent is being deleted or changed */
  hold(pointId: PointId, parent: Held): void {
    const held = this.#held.get(pointId) ?? new Map<PointId, Disposable>()
    this.#held.set(pointId, held)
    if (held.has(parent.id)) return
    const seized = this.#pins.whySeized(parent)
    if (seized !== null) throw parentLost(seized, { id: parent.id })
    held.set(parent.id, this.#pins.hold(parent))
  }

  release(pointId: PointId): void {
    for (const pin of this.#held.get(pointId)?.values() ?? []) pin[Symbol.dispose]()
    this.#held.delete(pointId)
  }
}
