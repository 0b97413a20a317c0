import type { PointId } from '../../../shared/domain/ids.ts'
import type { Point } from '../../../shared/domain/point.ts'
import type { PointGuard } from '../../../shared/domain/retention.ts'

/** What the rules need to know of a point. */
export type RatedPoint = Pick<Point, 'id' | 'createdAt' | 'pinned' | 'verification' | 'unreadable' | 'index'>

/** Nothing speaks against restoring it: its manifest is sound and no check has found damage. */
export const isSound = (point: RatedPoint): boolean => point.unreadable === null && point.verification?.ok !== false

/** Its whole content was read and found right. */
const isProven = (point: RatedPoint): boolean =>
  isSound(point) && point.verification?.ok === true && point.verification.level !== 'structure'

/**
 * Why points of one machine on one destination may not simply go: pinned, the newest good one, the newest verified one.
 * `points` newest first, as the repository lists them. Points without a guard are not in the answer.
 */
export function guardsOf(points: readonly RatedPoint[]): ReadonlyMap<PointId, readonly PointGuard[]> {
  const found = new Map<PointId, PointGuard[]>()
  const guard = (point: RatedPoint | undefined, name: PointGuard) => {
    if (point) found.set(point.id, [...(found.get(point.id) ?? []), name])
  }
  for (const point of points) if (point.pinned) guard(point, 'pinned')
  guard(points.find(isSound), 'last-good')
  guard(points.find(isProven), 'last-verified')
  return found
}
