// Which points stay, as the repository sees it: pins, what a deletion would cost, and the deletion itself with everybody
// kept away from the points it touches.
import type { MachineId, PointId } from '../../../shared/domain/ids.ts'
import type { Point } from '../../../shared/domain/point.ts'
import { FloeError } from '../errors.ts'
import type { Ports } from '../ports/index.ts'
import type { Catalog } from './catalog.ts'
import { deletePoints, pointsTouched, readPoints } from './deletion.ts'
import { deletionCost } from './deletion-cost.ts'
import { syncFolder } from './durable-file.ts'
import { destinationFailure } from './failures.ts'
import { writePinned } from './pin-file.ts'
import type { Pins } from './pins.ts'
import type { Known } from './registry.ts'
import type { StoredPoint } from './scan.ts'
import type { Room } from './survey.ts'
import type { KeepingStore } from './types.ts'

interface Parts {
  readonly ports: Ports
  readonly catalog: Catalog
  readonly pins: Pins
  /** @throws FloeError `destination/*` */
  readonly assertWritable: (
    id: Point['destinationId'],
    whenFull: 'refuse' | 'allow',
  ) => Promise<{ readonly known: Known; readonly room: Room }>
}

type DeleteOptions = NonNullable<Parameters<KeepingStore['deletePoints']>[1]> & { readonly signal: AbortSignal }

interface Group {
  readonly destinationId: Point['destinationId']
  readonly machineId: MachineId
  readonly removed: Set<PointId>
}

export function createKeepingStore({ ports, catalog, pins, assertWritable }: Parts): KeepingStore {
  /** Points of one machine on one destination belong together. @throws FloeError `point/unknown` */
  function grouped(ids: readonly PointId[]): readonly Group[] {
    const groups = new Map<string, Group>()
    for (const id of ids) {
      const { destinationId, machineId } = catalog.stored(id).point
      const key = `${destinationId} ${machineId}`
      const group = groups.get(key) ?? { destinationId, machineId, removed: new Set<PointId>() }
      groups.set(key, group)
      group.removed.add(id)
    }
    return [...groups.values()]
  }

  const storedIn = ({ destinationId, machineId }: Group): readonly StoredPoint[] =>
    catalog.storedAt(destinationId).filter(({ point }) => point.machineId === machineId)

  /** @throws FloeError `point/newer-format`, `point/in-use` */
  function assertDeletable({ point, newer }: StoredPoint): void {
    if (catalog.isChecking(point.id)) throw pins.inUse(point)
    if (!newer) return
    throw new FloeError('point/newer-format', `The restore point of ${point.createdAt} was made by a newer Floe.`, {
      params: { id: point.id, path: point.path },
      remedy: 'Update Floe to delete it.',
    })
  }

  async function deleteGroup(group: Group, { signal, onStep, assertStill }: DeleteOptions): Promise<number> {
    const seized: Disposable[] = []
    try {
      const stored = storedIn(group)
      for (const each of stored.filter(({ point }) => group.removed.has(point.id))) {
        seized.push(pins.seize(each.point))
        assertDeletable(each)
      }
      // Whoever reads an image over these holds them too.
      for (const id of await pointsTouched(stored, group.removed)) {
        seized.push(pins.seize(catalog.stored(id).point, 'changing'))
      }
      const { known, room } = await assertWritable(group.destinationId, 'allow')
      const freed = await deletePoints({
        ports,
        destination: known,
        room,
        stored,
        removed: group.removed,
        signal,
        beforeRemoval: async () => {
          await catalog.refresh()
          assertStill?.([...group.removed])
        },
        ...(onStep ? { step: onStep } : {}),
      })
      await syncFolder(known.path)
      return freed
    } finally {
      try {
        await catalog.refresh()
      } finally {
        for (const pin of seized) pin[Symbol.dispose]()
      }
    }
  }

  return {
    async setPinned(id, pinned) {
      const { point } = catalog.stored(id)
      // Nobody deletes it while it is being pinned, and nothing that is being deleted is called pinned.
      using _held = pins.hold(point)
      const { known } = await assertWritable(point.destinationId, 'allow')
      try {
        await writePinned(point.path, id, pinned, ports.clock.now().toISOString())
      } catch (error) {
        throw destinationFailure(error, known)
      }
      await catalog.refresh()
      return catalog.point(id)
    },
    async deletionCost(ids) {
      let [freedBytes, movedBytes] = [0, 0]
      for (const group of grouped(ids)) {
        const cost = await deletionCost(await readPoints(storedIn(group)), group.removed)
        freedBytes += cost.freedBytes
        movedBytes += cost.movedBytes
      }
      return { freedBytes, movedBytes }
    },
    async deletePoints(ids, options = {}) {
      const groups = grouped(ids)
      for (const { removed } of groups) for (const id of removed) assertDeletable(catalog.stored(id))
      const { signal = new AbortController().signal } = options
      let freedBytes = 0
      for (const group of groups) freedBytes += await deleteGroup(group, { ...options, signal })
      return { freedBytes }
    },
  }
}
