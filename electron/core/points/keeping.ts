// Which restore points stay: pins, deletion with what depends on it, retention, and what two points differ in.
import type { DestinationId, DiskId, JobId, MachineId, PointId } from '../../../shared/domain/ids.ts'
import type { Point, PointDisk } from '../../../shared/domain/point.ts'
import type {
  DeletePreview,
  PointDifference,
  RetentionPolicy,
  RetentionPreview,
} from '../../../shared/domain/retention.ts'
import { FloeError } from '../errors.ts'
import { type Extents, union } from '../extents/extents.ts'
import { retain, saysNothing } from '../retention/retain.ts'
import { deleteJob, guardsOn, pointsOn } from './delete-job.ts'
import { differenceOf } from './difference.ts'
import type { VerifyParts } from './verify-job.ts'

export interface RetentionRequest {
  readonly machineId: MachineId
  readonly destinationId: DestinationId
  readonly policy: RetentionPolicy
}

export interface PointKeeping {
  /** @throws FloeError `point/unknown`, `destination/*` */
  pin(pointId: PointId, pinned: boolean): Promise<Point>
  /** @throws FloeError `point/unknown`, `point/unavailable` */
  deletePreview(pointIds: readonly PointId[]): Promise<DeletePreview>
  /** @throws FloeError `ipc/invalid-input` for a policy of zeroes, `destination/unknown`, `point/unavailable` */
  prunePreview(request: RetentionRequest): Promise<RetentionPreview>
  /** `expected`: what the preview showed; null: whatever it is now. @throws FloeError `point/plan-changed`, and as the preview */
  prune(request: RetentionRequest & { readonly expected: readonly PointId[] | null }): Promise<JobId>
  /** @throws FloeError `point/not-comparable`, `point/no-index`, `point/*` */
  difference(from: PointId, to: PointId): Promise<PointDifference>
}

/** `timeZone`: whose days and weeks count (IANA); the host's own as it is at that moment. */
export function createPointKeeping(parts: VerifyParts & { readonly timeZone?: () => string }): PointKeeping {
  const { repository, timeZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone } = parts

  /** @throws FloeError `ipc/invalid-input`, `destination/unknown` */
  function retained({ machineId, destinationId, policy }: RetentionRequest) {
    if (saysNothing(policy)) {
      throw new FloeError('ipc/invalid-input', 'These numbers do not say which restore points to keep: all are 0.', {
        remedy: 'Set at least one of them above 0.',
      })
    }
    repository.destination(destinationId)
    return retain(pointsOn(repository, machineId, destinationId), policy, timeZone())
  }

  /** @throws FloeError `point/unavailable` */
  function assertThere(points: readonly Point[]): void {
    const away = points.find(({ available }) => !available)
    if (!away) return
    throw new FloeError(
      'point/unavailable',
      `The restore point of ${away.createdAt} lies on a destination that is not connected.`,
      { params: { id: away.id, path: away.path }, remedy: 'Connect the destination.' },
    )
  }

  /** @throws FloeError `point/plan-changed` */
  function assertExpected(now: readonly PointId[], expected: readonly PointId[]): void {
    if (now.length === expected.length && now.every((id) => expected.includes(id))) return
    throw new FloeError(
      'point/plan-changed',
      'The restore points changed, and other ones would be removed now than were shown. Nothing was removed.',
      { params: { expected: expected.join(' '), now: now.join(' ') }, remedy: 'Look at the new list, then try again.' },
    )
  }

  /** Later points that lie over it and are not among those that go too, oldest first. */
  const dependentsOf = ({ id, machineId }: Point, going: readonly PointId[]): PointId[] =>
    repository
      .points(machineId)
      .filter((point) => point.needs.includes(id) && !going.includes(point.id))
      .map((point) => point.id)
      .reverse()

  /** What was written into a disk's image from an earlier point up to a later one; null when not all of that is known. */
  async function writtenBetween(earlier: Point, later: Point, diskId: DiskId): Promise<Extents | null> {
    const points = new Map(repository.points(later.machineId).map((point) => [point.id, point]))
    let written: Extents = []
    for (let at = later; at.id !== earlier.id; ) {
      const parentId = at.disks.find(({ id }) => id === diskId)?.parentId ?? null
      const parent = parentId === null ? undefined : points.get(parentId)
      // Without it the answer is only less fine.
      const copied = parent?.available ? await repository.copied(at.id, diskId).catch(() => null) : null
      if (!parent || copied === null) return null
      points.delete(at.id)
      written = union(written, copied)
      at = parent
    }
    return written
  }

  return {
    pin: (pointId, pinned) => repository.setPinned(pointId, pinned),
    async deletePreview(given) {
      const ids = [...new Set(given)]
      const points = ids.map((id) => repository.point(id))
      assertThere(points)
      const entries = points.map((point) => ({
        pointId: point.id,
        guards: [...guardsOn(repository, point.id)],
        dependents: dependentsOf(point, ids),
      }))
      return { points: entries, ...(await repository.deletionCost(ids)) }
    },
    async prunePreview(request) {
      const { keep, remove } = retained(request)
      assertThere(remove.map(({ point }) => point))
      const ids = remove.map(({ point }) => point.id)
      return {
        keep: keep.map(({ point, rules }) => ({ pointId: point.id, rules: [...rules] })),
        remove: remove.map(({ point, reason }) => ({
          pointId: point.id,
          reason,
          dependents: dependentsOf(point, ids),
        })),
        ...(await repository.deletionCost(ids)),
      }
    },
    async prune(request) {
      const { machineId, destinationId } = request
      const { keep, remove } = retained(request)
      const pointIds = remove.map(({ point }) => point.id)
      assertExpected(pointIds, request.expected ?? pointIds)
      assertThere(remove.map(({ point }) => point))
      const named = [...remove, ...keep][0]?.point
      return deleteJob(parts, {
        machine: { id: machineId, name: named?.machineName ?? '' },
        destinationId,
        pointIds,
        // Time may have gone by in the queue: a rule or a guard may keep one of them by now.
        assertStill: (ids) => {
          const now = retained(request).remove.map(({ point }) => point.id)
          assertExpected(
            ids.filter((id) => now.includes(id)),
            ids,
          )
        },
        told: (count) =>
          count === 1
            ? 'Retention removed a restore point that no rule keeps any more.'
            : `Retention removed ${count} restore points that no rule keeps any more.`,
      })
    },
    async difference(from, to) {
      const [before, after] = [repository.point(from), repository.point(to)]
      if (before.machineId !== after.machineId) {
        throw new FloeError('point/not-comparable', 'The two restore points are of different machines.', {
          params: { from, to, fromMachine: before.machineName, toMachine: after.machineName },
          remedy: 'Choose two restore points of one machine.',
        })
      }
      const indexOf = (side: 'from' | 'to', { id }: PointDisk) =>
        repository.contentIndex(side === 'from' ? from : to, id)
      return differenceOf(
        before.disks,
        after.disks,
        indexOf,
        async ({ id }) => (await writtenBetween(before, after, id)) ?? writtenBetween(after, before, id),
      )
    },
  }
}
