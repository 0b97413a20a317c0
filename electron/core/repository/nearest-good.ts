import type { Point } from '../../../shared/domain/point.ts'
import { FloeError } from '../errors.ts'

/** The good point nearest in time to one that cannot be restored; `points`: newest first. Null when there is none. */
export function nearestGood(points: readonly Point[], to: Point): Point | null {
  const good = points.filter(
    (point) =>
      point.id !== to.id &&
      point.machineId === to.machineId &&
      point.available &&
      point.unreadable === null &&
      point.verification?.ok !== false,
  )
  const distance = (point: Point) => Math.abs(Date.parse(point.createdAt) - Date.parse(to.createdAt))
  return good.reduce<Point | null>((best, point) => (best && distance(best) <= distance(point) ? best : point), null)
}

/** Errors that say: this point cannot be restored, whatever anybody does about the destination. */
const finalCodes: ReadonlySet<string> = new Set(['point/damaged', 'point/file-missing', 'point/unreadable'])

/**
 * The same error, naming the good restore point nearest in time where there is one (ux.md R3): params `nearestId` and
 * `nearestAt`. Any other error is answered as it is.
 */
export function namingNearest(error: unknown, point: Point, points: readonly Point[]): unknown {
  if (!(error instanceof FloeError) || !finalCodes.has(error.code)) return error
  const nearest = nearestGood(points, point)
  if (nearest === null) return error
  return new FloeError(error.code, `${error.message} Nearest good point: ${nearest.createdAt}.`, {
    params: { ...error.params, nearestId: nearest.id, nearestAt: nearest.createdAt },
    remedy: `Use the restore point of ${nearest.createdAt}.`,
    cause: error.cause,
  })
}
