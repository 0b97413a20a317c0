// Proving that a restore point is good: a job that reads it. It runs beside backups; what the check finds is told with all
// the points that it concerns.
import type { JobId, PointId } from '../../../shared/domain/ids.ts'
import type { JobResult } from '../../../shared/domain/job.ts'
import type { Damage, Point, Verification } from '../../../shared/domain/point.ts'
import type { Problem } from '../../../shared/errors/problem.ts'
import type { ActivityLog } from '../activity/types.ts'
import { FloeError, toProblem } from '../errors.ts'
import { newJob } from '../jobs/new-job.ts'
import type { JobBoard } from '../jobs/types.ts'
import type { Ports } from '../ports/index.ts'
import type { Pace } from '../repository/content-index/pace.ts'
import type { Repository } from '../repository/types.ts'

export interface VerifyParts {
  readonly ports: Ports
  readonly repository: Repository
  readonly board: JobBoard
  readonly activity: ActivityLog
}

/** A check that nobody asked for: it gives way, and tells what it has read. */
export interface Background {
  readonly pace: Pace
  /** Bytes of all disks so far. */
  readonly onRead: (bytes: number) => void
}

export const emptyResult: JobResult = { pointId: null, restoreId: null, images: [], ok: true, bytes: 0 }

/** One sentence that names the first damage; the rest is counted. */
export function damageText(damage: readonly Damage[]): string {
  const [first] = damage
  if (!first) return 'No damage was found.'
  const others = damage.length - 1
  return others === 0 ? first.text : `${first.text} ${others} more ${others === 1 ? 'place is' : 'places are'} damaged.`
}

/** Names every other point that holds or needs what is damaged; empty when there is none. */
export function concernedText(others: readonly Pick<Point, 'createdAt'>[]): string {
  if (others.length === 0) return ''
  const times = others.map(({ createdAt }) => createdAt).sort()
  const which = times.length === 1 ? 'The restore point of' : 'The restore points of'
  const list = times.length === 1 ? times[0] : `${times.slice(0, -1).join(', ')} and ${times.at(-1)}`
  const verb = times.length === 1 ? 'holds or needs the same bytes and' : 'hold or need the same bytes and'
  return `${which} ${list} ${verb} can’t be restored either.`
}

function damagedError(point: Point, damage: readonly Damage[], others: readonly Point[]): FloeError {
  const [first] = damage
  const concerned = concernedText(others)
  const what = `The restore point of ${point.createdAt} is damaged. ${damageText(damage)} ${concerned}`.trim()
  return new FloeError('point/damaged', what, {
    params: {
      pointId: point.id,
      disk: first?.diskId ?? null,
      offset: first?.offset ?? null,
      file: first?.file ?? null,
      machine: point.machineName,
      createdAt: point.createdAt,
      alsoDamaged: others.length,
      alsoDamagedIds: others.map(({ id }) => id).join(' '),
    },
    remedy: 'None of these is used for restores any more. Make a new backup, and check the drive.',
  })
}

/** Marks a job on points failed and tells the activity list once. A cancel is neither. */
export function endBadly(
  { board, activity }: Pick<VerifyParts, 'board' | 'activity'>,
  jobId: JobId,
  point: Pick<Point, 'machineId' | 'machineName'>,
  signal: AbortSignal,
  error: unknown,
  isTold: (problem: Problem) => boolean = () => true,
): void {
  const gaveUp =
    (error instanceof Error && error.name === 'AbortError') || toProblem(error).code === 'system/interrupted'
  if (signal.aborted && gaveUp) {
    board.update(jobId, { state: { kind: 'cancelled' } })
    return
  }
  const problem = toProblem(error)
  board.update(jobId, { state: { kind: 'failed', problem } })
  if (!isTold(problem)) return
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

const goodText: Record<Verification['level'], string> = {
  structure: 'The image structure of a restore point is sound.',
  content: 'A restore point was read back and matches.',
  live: 'A restore point was read back and matches.',
}

/** Puts the check of a point on the board. With `background`, it is one that nobody asked for. */
export function verifyJob(
  parts: VerifyParts,
  pointId: PointId,
  level: Verification['level'],
  background: Background | null = null,
): JobId {
  const { ports, repository, board, activity } = parts
  const point = repository.point(pointId)
  const job = newJob(ports, 'verify', {
    machineId: point.machineId,
    machineName: point.machineName,
    destinationId: point.destinationId,
    destinationName: repository.destination(point.destinationId).name,
    pointId,
    ...(background === null ? {} : { background: true, note: 'Floe reads restore points back in the background.' }),
  })
  // Whoever waits for a check that nobody asked for is let by (background-verify.ts); deleting claims the second one.
  const claims = [`verify:${point.destinationId}`, ...(background ? [`background:${point.destinationId}`] : [])]
  const abort = new AbortController()
  const read = new Map<string, number>()
  board.enqueue(job, claims, { cancel: async () => abort.abort() }, async (signal) => {
    const stopped = AbortSignal.any([signal, abort.signal])
    board.update(job.id, { state: { kind: 'checking' } })
    try {
      using _reading = repository.pinWhileReading(pointId)
      const onProgress = (doneBytes: number, totalBytes: number, diskId: string) => {
        read.set(diskId, doneBytes)
        background?.onRead([...read.values()].reduce((sum, bytes) => sum + bytes, 0))
        board.update(job.id, { checked: { doneBytes, totalBytes } })
      }
      const verdict = await repository.verify(pointId, level, onProgress, stopped, background?.pace)
      if (!verdict.ok) {
        const others = repository
          .points(point.machineId)
          .filter(({ verification }) => verification?.foundIn === pointId)
        board.update(job.id, { result: { ...emptyResult, pointId, ok: false } })
        throw damagedError(point, verdict.damage, others)
      }
      stopped.throwIfAborted()
      board.update(job.id, { state: { kind: 'done' }, result: { ...emptyResult, pointId } })
      activity.add({
        level: background === null ? 'success' : 'info',
        machineId: point.machineId,
        subject: point.machineName,
        text: background === null ? goodText[level] : `In the background: ${goodText[level]}`,
        jobId: job.id,
        problem: null,
        timeline: [],
      })
    } catch (error) {
      // Of a check that nobody asked for only damage is worth telling.
      endBadly(parts, job.id, point, stopped, error, ({ code }) => background === null || code === 'point/damaged')
    }
  })
  return job.id
}
