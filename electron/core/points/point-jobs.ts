// Jobs on restore points that exist: proving that one is good, and deleting some. Both run beside backups; the board
// keeps them off a destination that is being written to only where they would disturb (deletion).
import type { JobId, PointId } from '../../../shared/domain/ids.ts'
import type { Point, Verification } from '../../../shared/domain/point.ts'
import { assertUnprotected, deleteJob } from './delete-job.ts'
import { type VerifyParts, verifyJob } from './verify-job.ts'

export interface PointJobs {
  verify(pointId: PointId, level: Verification['level']): JobId
  /**
   * Deletes points, with what later ones need moved into those. `evenProtected`: those among them that may go although
   * they are pinned, the last good or the last verified one.
   * @throws FloeError `point/protected`, `point/unknown`; then nothing was deleted
   */
  delete(pointIds: readonly PointId[], evenProtected: readonly PointId[]): JobId
}

export function createPointJobs(parts: VerifyParts): PointJobs {
  const { repository } = parts
  return {
    verify: (pointId, level) => verifyJob(parts, pointId, level),
    delete(given, evenProtected) {
      const pointIds = [...new Set(given)]
      const first = pointIds.map((id) => repository.point(id))[0] as Point
      const assertStill = (ids: readonly PointId[]) => assertUnprotected(repository, ids, evenProtected)
      assertStill(pointIds)
      return deleteJob(parts, {
        machine: { id: first.machineId, name: first.machineName },
        destinationId: first.destinationId,
        pointIds,
        assertStill,
        told: (count) => (count === 1 ? 'A restore point was deleted.' : `${count} restore points were deleted.`),
      })
    },
  }
}
