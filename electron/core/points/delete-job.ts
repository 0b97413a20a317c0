// Deleting restore points: what may go, and the job that does it. One job deletes all that was asked for together, so that
// what others need is moved only once.
import type { DestinationId, JobId, MachineId, PointId } from '../../../shared/domain/ids.ts'
import type { Point } from '../../../shared/domain/point.ts'
import type { PointGuard } from '../../../shared/domain/retention.ts'
import { FloeError } from '../errors.ts'
import { newJob } from '../jobs/new-job.ts'
import type { Repository } from '../repository/types.ts'
import { guardsOf } from '../retention/guards.ts'
import { emptyResult, endBadly, type VerifyParts } from './verify-job.ts'

export interface Deletion {
  readonly machine: { readonly id: MachineId; readonly name: string }
  readonly destinationId: DestinationId
  readonly pointIds: readonly PointId[]
  /**
   * Asked of these points once more when the job's turn has come, and right before they are removed.
   * @throws FloeError when they may not go (any more)
   */
  readonly assertStill: (ids: readonly PointId[]) => void
  /** For the activity list; `count` of points. */
  readonly told: (count: number) => string
}

/** Points of one machine on one destination, newest first. */
export function pointsOn(
  repository: Pick<Repository, 'points'>,
  machineId: MachineId,
  destinationId: DestinationId,
): readonly Point[] {
  return repository.points(machineId).filter((point) => point.destinationId === destinationId)
}

const guardWords: Record<PointGuard, string> = {
  pinned: 'is pinned',
  'last-good': 'is the last good one',
  'last-verified': 'is the last verified one',
}

/** Why a point may not simply be deleted. @throws FloeError `point/unknown` */
export function guardsOn(repository: Pick<Repository, 'points' | 'point'>, id: PointId): readonly PointGuard[] {
  const { machineId, destinationId } = repository.point(id)
  return guardsOf(pointsOn(repository, machineId, destinationId)).get(id) ?? []
}

/** @throws FloeError `point/protected` for a guarded point that is not among those to go all the same; `point/unknown` */
export function assertUnprotected(
  repository: Pick<Repository, 'points' | 'point'>,
  ids: readonly PointId[],
  evenProtected: readonly PointId[],
): void {
  for (const id of ids) {
    const guards = evenProtected.includes(id) ? [] : guardsOn(repository, id)
    if (guards.length === 0) continue
    const { createdAt, machineName } = repository.point(id)
    const why = guards.map((guard) => guardWords[guard]).join(' and ')
    throw new FloeError('point/protected', `The restore point of ${createdAt} ${why}. Nothing was deleted.`, {
      params: { id, createdAt, machine: machineName, guards: guards.join(' ') },
      remedy: 'Say for this point that it is to go all the same, or leave it out.',
    })
  }
}

/** Puts the deletion on the board. It can be cancelled until the first point goes. */
export function deleteJob(parts: VerifyParts, deletion: Deletion): JobId {
  const { ports, repository, board, activity } = parts
  const { machine, destinationId, pointIds } = deletion
  const points = pointIds.map((id) => repository.point(id))
  const others = points.map((point) => point.destinationId)
  const job = newJob(ports, 'delete', {
    machineId: machine.id,
    machineName: machine.name,
    destinationId,
    destinationName: repository.destination(destinationId).name,
    pointId: pointIds[0] ?? null,
  })
  // `background:`: a check that nobody asked for lets go of its point first.
  const claims = [...new Set([destinationId, ...others])].flatMap((id) => [`destination:${id}`, `background:${id}`])
  const abort = new AbortController()
  board.enqueue(job, claims, { cancel: async () => abort.abort() }, async (signal) => {
    const stopped = AbortSignal.any([signal, abort.signal])
    const say = (step: string) => board.update(job.id, { state: { kind: 'finishing', step } })
    const onStep = (name: string) => {
      if (name.startsWith('build ')) say('Moving data that later restore points need')
      if (name !== 'remove') return
      board.update(job.id, { canCancel: false })
      say('Deleting restore points')
    }
    try {
      say('Deleting restore points')
      const { assertStill } = deletion
      assertStill(pointIds)
      const { freedBytes } = await repository.deletePoints(pointIds, { signal: stopped, onStep, assertStill })
      const result = { ...emptyResult, pointId: pointIds[0] ?? null, bytes: freedBytes }
      board.update(job.id, { state: { kind: 'done' }, result })
      if (points.length === 0) return
      activity.add({
        level: 'info',
        machineId: machine.id,
        subject: machine.name,
        text: deletion.told(points.length),
        jobId: job.id,
        problem: null,
        timeline: points.map((point) => ({
          at: ports.clock.now().toISOString(),
          text: `Deleted the point of ${point.createdAt}`,
        })),
      })
    } catch (error) {
      endBadly(parts, job.id, { machineId: machine.id, machineName: machine.name }, stopped, error)
    }
  })
  return job.id
}
