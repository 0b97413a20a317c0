import { sep } from 'node:path'
import type { MachineId } from '../../../shared/domain/ids.ts'
import { FloeError } from '../errors.ts'
import type { Repository } from '../repository/types.ts'
import type { DemoFiles } from './demo-files.ts'

/** @throws FloeError `point/unavailable` before anything was removed */
export function assertRemovable(machineId: MachineId, repository: Pick<Repository, 'points' | 'destinations'>): void {
  const away = repository.points(machineId).find((point) => !point.available)
  if (away === undefined) return
  const destination = repository.destinations().find((candidate) => candidate.id === away.destinationId)
  const name = destination?.name ?? away.path
  throw new FloeError('point/unavailable', `A restore point of the demo machine is on "${name}", which is not here.`, {
    params: { point: away.id, destination: name },
    remedy: `Connect ${name}, then remove the demo again.`,
  })
}

/**
 * Deletes the demo's restore points. A destination is a person's own and stays, except one inside the demo's folder that
 * held nothing else: it is forgotten. Answers the folders of those.
 */
export async function removePoints(
  machineId: MachineId,
  files: DemoFiles,
  repository: Pick<Repository, 'points' | 'deletePoint' | 'destinations' | 'removeDestination'>,
): Promise<string[]> {
  const forgotten: string[] = []
  for (const point of repository.points(machineId)) await repository.deletePoint(point.id)
  for (const destination of repository.destinations()) {
    if (!destination.path.startsWith(files.folder + sep)) continue
    if (repository.points(null).some((point) => point.destinationId === destination.id)) continue
    await repository.removeDestination(destination.id)
    forgotten.push(destination.path)
  }
  return forgotten
}
