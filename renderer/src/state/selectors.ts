// Questions that pages ask the stores. Each answer keeps its identity until its topic changes.
import { useMemo } from 'react'
import type { Activity } from '../../../shared/domain/activity.ts'
import type { Demo } from '../../../shared/domain/demo.ts'
import type { Destination } from '../../../shared/domain/destination.ts'
import { isFinal, type Job } from '../../../shared/domain/job.ts'
import type { Machine } from '../../../shared/domain/machine.ts'
import type { Point } from '../../../shared/domain/point.ts'
import type { Restore } from '../../../shared/domain/restore.ts'
import { defaultSettings, type Settings } from '../../../shared/domain/settings.ts'
import { isDamaged } from '../../../shared/text/point-words.ts'
import { useTopic } from './window-state.tsx'

const byName = (one: { readonly name: string }, other: { readonly name: string }): number =>
  one.name.localeCompare(other.name, undefined, { numeric: true })

/** Machines that QEMU runs (or ran), by name. */
export function useMachines(): readonly Machine[] {
  const { byId } = useTopic('machines')
  return useMemo(
    () =>
      Object.values(byId)
        .filter((machine) => machine.state.kind !== 'not-qemu')
        .toSorted(byName),
    [byId],
  )
}

/** Virtual machines that are not QEMU, by name. */
export function useOtherMachines(): readonly Machine[] {
  const { byId } = useTopic('machines')
  return useMemo(
    () =>
      Object.values(byId)
        .filter((machine) => machine.state.kind === 'not-qemu')
        .toSorted(byName),
    [byId],
  )
}

export function useMachine(id: string | null): Machine | null {
  const { byId } = useTopic('machines')
  return id === null ? null : (byId[id] ?? null)
}

export function useDestinations(): readonly Destination[] {
  const { byId } = useTopic('destinations')
  return useMemo(() => Object.values(byId).toSorted(byName), [byId])
}

export function useDestination(id: string | null): Destination | null {
  const { byId } = useTopic('destinations')
  return id === null ? null : (byId[id] ?? null)
}

/** Jobs, newest first. */
export function useJobs(): readonly Job[] {
  const { byId } = useTopic('jobs')
  return useMemo(
    () => Object.values(byId).toSorted((one, other) => other.createdAt.localeCompare(one.createdAt)),
    [byId],
  )
}

/** Jobs that are still going on, oldest first. */
export function useActiveJobs(): readonly Job[] {
  const jobs = useJobs()
  return useMemo(() => jobs.filter((job) => !isFinal(job.state)).toReversed(), [jobs])
}

/** Restore points of one machine, or of all with null; newest first. */
export function usePoints(machineId: string | null): readonly Point[] {
  const { byId } = useTopic('points')
  return useMemo(
    () =>
      Object.values(byId)
        .filter((point) => machineId === null || point.machineId === machineId)
        .toSorted((one, other) => other.createdAt.localeCompare(one.createdAt)),
    [byId, machineId],
  )
}

export function usePoint(id: string | null): Point | null {
  const { byId } = useTopic('points')
  return id === null ? null : (byId[id] ?? null)
}

/** Is there nothing yet that the next backup to this place could start from? `points`: those of the job's machine. */
export function isFirstFull(job: Pick<Job, 'destinationId' | 'pointId'>, points: readonly Point[]): boolean {
  return !points.some(
    (point) =>
      point.id !== job.pointId &&
      (job.destinationId === null || point.destinationId === job.destinationId) &&
      !isDamaged(point),
  )
}

/** Restores of one machine, newest first. */
export function useRestores(machineId: string): readonly Restore[] {
  const { byId } = useTopic('restores')
  return useMemo(
    () =>
      Object.values(byId)
        .filter((restore) => restore.machineId === machineId)
        .toSorted((one, other) => other.createdAt.localeCompare(one.createdAt)),
    [byId, machineId],
  )
}

export function useRestore(id: string | null): Restore | null {
  const { byId } = useTopic('restores')
  return id === null ? null : (byId[id] ?? null)
}

/** The activity list, newest first. */
export function useActivity(): readonly Activity[] {
  const { byId } = useTopic('activity')
  return useMemo(() => Object.values(byId).toSorted((one, other) => other.at.localeCompare(one.at)), [byId])
}

/** Problems nobody has dismissed or solved yet. */
export function useOpenProblems(): readonly Activity[] {
  const activity = useActivity()
  return useMemo(() => activity.filter((line) => line.level === 'problem' && !line.dismissed), [activity])
}

export function useDemo(): Demo | null {
  return useTopic('demo').byId.demo ?? null
}

export function useSettings(): Settings {
  return useTopic('settings').byId.settings?.settings ?? defaultSettings
}

/** Where Back Up Now would put a machine's backup: its own, the usual or the only destination. */
export function destinationFor(
  machineId: string,
  settings: Settings,
  destinations: readonly Destination[],
): Destination | null {
  const wanted = settings.destinationByMachine[machineId] ?? settings.defaultDestinationId
  const chosen = destinations.find((destination) => destination.id === wanted)
  if (chosen !== undefined) return chosen
  return destinations.length === 1 ? (destinations[0] ?? null) : null
}
