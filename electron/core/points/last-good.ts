import type { MachineId } from '../../../shared/domain/ids.ts'
import type { Machine } from '../../../shared/domain/machine.ts'
import type { Point } from '../../../shared/domain/point.ts'

/** A point that may be called good: its manifest is sound and no check has found damage in it. */
export function isGood(point: Point): boolean {
  return point.unreadable === null && point.verification?.ok !== false
}

/** The newest good point of each machine; what "Last good restore point" shows. */
export function lastGoodPoints(
  points: readonly Point[],
): ReadonlyMap<MachineId, NonNullable<Machine['lastGoodPoint']>> {
  const newest = new Map<MachineId, NonNullable<Machine['lastGoodPoint']>>()
  for (const point of points) {
    if (!isGood(point)) continue
    const known = newest.get(point.machineId)
    if (!known || known.createdAt < point.createdAt)
      newest.set(point.machineId, { id: point.id, createdAt: point.createdAt })
  }
  return newest
}
