// Where a backup goes, and whether it may begin at all beside what is going on.
import type { Destination } from '../../../shared/domain/destination.ts'
import type { DestinationId, MachineId } from '../../../shared/domain/ids.ts'
import type { Job } from '../../../shared/domain/job.ts'
import type { Machine } from '../../../shared/domain/machine.ts'
import type { Settings } from '../../../shared/domain/settings.ts'
import { FloeError } from '../errors.ts'
import type { Repository } from '../repository/types.ts'

/** Null: the machine's own, the general or the only one. @throws FloeError `destination/none`, `destination/unknown` */
export function chooseDestination(
  repository: Pick<Repository, 'destination' | 'destinations'>,
  { destinationByMachine, defaultDestinationId }: Settings,
  machineId: MachineId,
  destinationId: DestinationId | null,
): Destination {
  if (destinationId !== null) return repository.destination(destinationId)
  const all = repository.destinations()
  for (const wished of [destinationByMachine[machineId], defaultDestinationId]) {
    const found = all.find((destination) => destination.id === wished)
    if (found) return found
  }
  const [only, ...others] = all
  if (only && others.length === 0) return only
  throw new FloeError(
    'destination/none',
    only ? 'There are several destinations, and none is the one for this machine.' : 'There is no destination yet.',
    {
      params: { count: all.length },
      remedy: only ? 'Say which destination to use.' : 'Add a folder or drive as a destination.',
    },
  )
}

const idle: ReadonlySet<Job['state']['kind']> = new Set(['waiting', 'queued', 'checking'])

/** The backup or export that works inside the machine's QEMU now, if there is one: its filters are on the disks. */
export function holderOf(machineId: MachineId, active: readonly Job[]): Job | null {
  const isIt = ({ kind, state }: Job) => (kind === 'backup' || kind === 'export') && !idle.has(state.kind)
  return active.find((job) => job.machineId === machineId && isIt(job)) ?? null
}

/**
 * A backup that only reads back what it recorded is in nobody's way, nor is one that waits for another destination.
 * @param canQueue it may start later, after the job that holds the machine now
 * @throws FloeError `backup/running-already`, `machine/has-jobs`
 */
export function assertFree(
  machine: Machine,
  destinationId: DestinationId,
  active: readonly Job[],
  canQueue: boolean,
): void {
  const params = { machine: machine.name }
  const backups = active.filter((job) => job.kind === 'backup' && job.machineId === machine.id)
  if (backups.some(({ state }) => state.kind !== 'checking' && state.kind !== 'waiting')) {
    throw new FloeError('backup/running-already', `${machine.name} is being backed up already.`, {
      params,
      remedy: 'Wait for that backup to end, or cancel it.',
    })
  }
  if (backups.some((job) => job.state.kind === 'waiting' && job.destinationId === destinationId)) {
    throw new FloeError('backup/running-already', `A backup of ${machine.name} is waiting already.`, {
      params,
      remedy: 'It starts by itself. Cancel it if it should not.',
    })
  }
  if (!canQueue && active.some((job) => job.kind === 'export' && job.machineId === machine.id)) {
    throw new FloeError(
      'machine/has-jobs',
      `The disks of ${machine.name} are held for an export, so it can't be backed up now.`,
      { params, remedy: 'Wait for the export to end, or cancel it.' },
    )
  }
}
