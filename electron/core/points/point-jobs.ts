// Jobs on restore points that exist: proving that one is good, and deleting some. Both run beside backups; the board
// keeps them off a destination that is being written to only where they would disturb (deletion).
import type { JobId, PointId } from '../../../shared/domain/ids.ts'
import type { JobResult } from '../../../shared/domain/job.ts'
import type { Damage, Point, Verification } from '../../../shared/domain/point.ts'
import type { ActivityLog } from '../activity/types.ts'
import { FloeError, toProblem } from '../errors.ts'
import { newJob } from '../jobs/new-job.ts'
import type { JobBoard } from '../jobs/types.ts'
import type { Ports } from '../ports/index.ts'
import type { Repository } from '../repository/types.ts'

export interface PointJobs {
  verify(pointId: PointId, level: Verification['level']): JobId
  delete(pointIds: readonly PointId[]): JobId
}

interface Dependencies {
  readonly ports: Ports
  readonly repository: Repository
  readonly board: JobBoard
  readonly activity: ActivityLog
}

const emptyResult: JobResult = { pointId: null, restoreId: null, images: [], ok: true, bytes: 0 }

/** One sentence that names the first damage; the rest is counted. */
export function damageText(damage: readonly Damage[]): string {
  const [first] = damage
  if (!first) return 'No damage was found.'
  const others = damage.length - 1
  return others === 0 ? first.text : `${first.text} ${others} more ${others === 1 ? 'place is' : 'places are'} damaged.`
}

function damagedError(point: Point, damage: readonly Damage[]): FloeError {
  const [first] = damage
  return new FloeError('point/damaged', `The restore point is damaged. ${damageText(damage)}`, {
    params: {
      pointId: point.id,
      disk: first?.diskId ?? null,
      offset: first?.offset ?? null,
      file: first?.file ?? null,
      machine: point.machineName,
      createdAt: point.createdAt,
    },
    remedy: 'It is not used for restores any more. Make a new backup, and check the drive.',
  })
}

export function createPointJobs({ ports, repository, board, activity }: Dependencies): PointJobs {
  function destinationName(point: Point): string {
    return repository.destination(point.destinationId).name
  }

  /** Marks the job failed and tells the activity list once. A cancel is neither. */
  function finish(jobId: JobId, point: Point, signal: AbortSignal, error: unknown): void {
    const gaveUp =
      (error instanceof Error && error.name === 'AbortError') || toProblem(error).code === 'system/interrupted'
    if (signal.aborted && gaveUp) {
      board.update(jobId, { state: { kind: 'cancelled' } })
      return
    }
    const problem = toProblem(error)
    board.update(jobId, { state: { kind: 'failed', problem } })
    activity.add({
      level: 'problem',
      machineId: point.machineId,
      subject: point.machineName,
      text: problem.message,
      jobId,
      problem,
      timeline: [],
    })
  }

  function verify(pointId: PointId, level: Verification['level']): JobId {
    const point = repository.point(pointId)
    const job = newJob(ports, 'verify', {
      machineId: point.machineId,
      machineName: point.machineName,
      destinationId: point.destinationId,
      destinationName: destinationName(point),
      pointId,
    })
    const abort = new AbortController()
    board.enqueue(job, [`verify:${point.destinationId}`], { cancel: async () => abort.abort() }, async (signal) => {
      const stopped = AbortSignal.any([signal, abort.signal])
      board.update(job.id, { state: { kind: 'checking' } })
      try {
        using _reading = repository.pinWhileReading(pointId)
        const verdict = await repository.verify(
          pointId,
          level,
          (doneBytes, totalBytes) => board.update(job.id, { checked: { doneBytes, totalBytes } }),
          stopped,
        )
        stopped.throwIfAborted()
        if (!verdict.ok) {
          board.update(job.id, { result: { ...emptyResult, pointId, ok: false } })
          throw damagedError(point, verdict.damage)
        }
        board.update(job.id, { state: { kind: 'done' }, result: { ...emptyResult, pointId } })
        activity.add({
          level: 'success',
          machineId: point.machineId,
          subject: point.machineName,
          text:
            level === 'content'
              ? 'A restore point was read back and matches.'
              : 'The image structure of a restore point is sound.',
          jobId: job.id,
          problem: null,
          timeline: [],
        })
      } catch (error) {
        finish(job.id, point, stopped, error)
      }
    })
    return job.id
  }

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
    const claims = [...new Set(points.map((point) => `destination:${point.destinationId}`))]
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
        finish(job.id, current, signal, error)
      }
    })
    return job.id
  }

  return { verify, delete: deletePoints }
}
