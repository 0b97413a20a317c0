// Jobs on restore points that exist: proving that one is good, and deleting some. Both run beside backups; the board
// keeps them off a destination that is being written to only where they would disturb (deletion).
import type { JobId, PointId } from '../../../shared/domain/ids.ts'
import type { Point, Verification } from '../../../shared/domain/point.ts'
import { newJob } from '../jobs/new-job.ts'
import { emptyResult, endBadly, type VerifyParts, verifyJob } from './verify-job.ts'

export interface PointJobs {
  verify(pointId: PointId, level: Verification['level']): JobId
  delete(pointIds: readonly PointId[]): JobId
}

export function createPointJobs(parts: VerifyParts): PointJobs {
  const { ports, repository, board, activity } = parts
  const destinationName = (point: Point) => repository.destination(point.destinationId).name

  function deletePoints(pointIds: readonly PointId[]): JobId {
    const points = pointIds.map((id) => repository.point(id))
    const first = points[0] as Point
    const job = newJob(ports, 'delete', {
      machineId: first.machineId,
      machineName: first.machineName,
      destinationId: first.destinationId,
      destinationName: destinationName(first),
      pointId: first.id,
      canCancel: false,
    })
    const destinations = [...new Set(points.map((point) => point.destinationId))]
    // `background:`: a check that nobody asked for lets go of its point first.
    const claims = destinations.flatMap((id) => [`destination:${id}`, `background:${id}`])
    board.enqueue(job, claims, {}, async (signal) => {
      let bytes = 0
      let current = first
      board.update(job.id, { state: { kind: 'finishing', step: 'Deleting restore points' } })
      try {
        for (const point of points) {
          signal.throwIfAborted()
          current = point
          bytes += (await repository.deletePoint(point.id)).freedBytes
        }
        board.update(job.id, { state: { kind: 'done' }, result: { ...emptyResult, pointId: first.id, bytes } })
        activity.add({
          level: 'info',
          machineId: first.machineId,
          subject: first.machineName,
          text: points.length === 1 ? 'A restore point was deleted.' : `${points.length} restore points were deleted.`,
          jobId: job.id,
          problem: null,
          timeline: points.map((point) => ({
            at: ports.clock.now().toISOString(),
            text: `Deleted the point of ${point.createdAt}`,
          })),
        })
      } catch (error) {
        endBadly(parts, job.id, current, signal, error)
      }
    })
    return job.id
  }

  return { verify: (pointId, level) => verifyJob(parts, pointId, level), delete: deletePoints }
}
