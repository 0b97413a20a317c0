import { basename } from 'node:path'
import type { Destination } from '../../../shared/domain/destination.ts'
import type { MachineId } from '../../../shared/domain/ids.ts'
import { isFinal, type Job } from '../../../shared/domain/job.ts'
import type { Machine } from '../../../shared/domain/machine.ts'
import type { Point } from '../../../shared/domain/point.ts'
import type { Restore } from '../../../shared/domain/restore.ts'
import type { FloeClient } from '../../core/gate/client.ts'
import { find } from './find.ts'
import { valueIn } from './problem.ts'

/** Looks for running machines at once: a guest started a second ago must be known by its name. */
export async function freshMachines(client: FloeClient): Promise<readonly Machine[]> {
  valueIn(await client.invoke('machines.refresh', {}))
  return valueIn(await client.invoke('machines.list', {}))
}

export async function findMachine(client: FloeClient, text: string): Promise<Machine> {
  return find(
    {
      noun: 'machine',
      items: await freshMachines(client),
      namesOf: (machine) => [machine.name],
      describe: (machine) => `${machine.name}, ${machine.state.kind}`,
      unknown: 'machine/unknown',
      ambiguous: 'machine/ambiguous',
      list: 'machines',
    },
    text,
  )
}

/** Also knows machines that are only remembered by their restore points. */
export async function findMachineOfPoints(client: FloeClient, text: string): Promise<MachineId> {
  const known = new Map<MachineId, Set<string>>()
  const note = (id: MachineId, name: string) => known.set(id, (known.get(id) ?? new Set()).add(name))
  for (const machine of valueIn(await client.invoke('machines.list', {}))) note(machine.id, machine.name)
  for (const point of valueIn(await client.invoke('points.list', { machineId: null })))
    note(point.machineId, point.machineName)
  const items = [...known].map(([id, names]) => ({ id, names: [...names] }))
  return find(
    {
      noun: 'machine',
      items,
      namesOf: (machine) => machine.names,
      describe: (machine) => machine.names.join(', '),
      unknown: 'machine/unknown',
      ambiguous: 'machine/ambiguous',
      list: 'machines',
    },
    text,
  ).id
}

export async function findDestination(client: FloeClient, text: string): Promise<Destination> {
  return find(
    {
      noun: 'destination',
      items: valueIn(await client.invoke('destinations.list', {})),
      namesOf: (destination) => [destination.name, destination.path],
      describe: (destination) => `${destination.name}, ${destination.path}`,
      unknown: 'destination/unknown',
      ambiguous: 'destination/ambiguous',
      list: 'destinations',
    },
    text,
  )
}

/** A point's names are its folder's name, its path and its time. */
export async function findPoint(client: FloeClient, text: string): Promise<Point> {
  return find(
    {
      noun: 'restore point',
      items: valueIn(await client.invoke('points.list', { machineId: null })),
      namesOf: (point) => [basename(point.path), point.path, point.createdAt],
      describe: (point) => `${point.machineName}, ${point.createdAt}`,
      unknown: 'point/unknown',
      ambiguous: 'point/ambiguous',
      list: 'points',
    },
    text,
  )
}

/** A job by id, or the only unfinished one of the machine with this name. */
export async function findJob(client: FloeClient, text: string): Promise<Job> {
  const items = valueIn(await client.invoke('jobs.list', {}))
  return find(
    {
      noun: 'job',
      items,
      namesOf: (job) => (isFinal(job.state) ? [] : [job.machineName]),
      describe: (job) => `${job.kind} of ${job.machineName}, ${job.state.kind}`,
      unknown: 'job/unknown',
      ambiguous: 'job/ambiguous',
      list: 'jobs',
    },
    text,
  )
}

/** A restore by id, or the newest one of the machine with this name that can be undone. */
export async function findRestore(client: FloeClient, text: string): Promise<Restore> {
  const items = valueIn(await client.invoke('restores.list', {}))
  const newest = items.find(
    (restore) => restore.machineName === text && restore.undoable && restore.state.kind === 'done',
  )
  return find(
    {
      noun: 'restore',
      items,
      namesOf: (restore) => (restore === newest ? [restore.machineName] : []),
      describe: (restore) => `${restore.machineName}, ${restore.createdAt}`,
      unknown: 'restore/unknown',
      ambiguous: 'restore/ambiguous',
      list: 'restores',
    },
    text,
  )
}
