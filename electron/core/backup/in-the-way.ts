// What stands in the way of a backup right now, looked at without changing anything.
import type { DestinationId, MachineId } from '../../../shared/domain/ids.ts'
import type { JobBoard, WaitingState } from '../jobs/types.ts'
import { chooseDisks } from '../machines/choose-disks.ts'
import { assertNoClash } from '../machines/foreign-jobs.ts'
import { errorOfState } from '../machines/states.ts'
import type { MachineService } from '../machines/types.ts'
import type { Repository } from '../repository/types.ts'
import { holderOf } from './choosing.ts'
import { obstacleOf } from './obstacles.ts'
import { machineNow } from './opening.ts'

interface Deps {
  readonly machines: MachineService
  readonly repository: Pick<Repository, 'obstacle'>
  readonly board: Pick<JobBoard, 'active'>
}

export interface Wanted {
  readonly machineId: MachineId
  readonly destinationId: DestinationId
  readonly diskIds: readonly string[] | null
  /** Wait for a machine that is off to run, instead of copying its images. */
  readonly running: boolean
}

/**
 * Null when nothing is in the way. A job of this Floe that holds the machine is not: the queue knows of it, and what it
 * has put on the disks must not be taken for somebody else's.
 * @throws FloeError for what will not pass by itself
 */
export async function findObstacle(deps: Deps, wanted: Wanted): Promise<WaitingState | null> {
  try {
    const missing = await deps.repository.obstacle(wanted.destinationId)
    if (missing) throw missing
    if (holderOf(wanted.machineId, deps.board.active()) === null) await assertReachable(deps, wanted)
    return null
  } catch (error) {
    const obstacle = obstacleOf(error)
    if (obstacle) return obstacle
    throw error
  }
}

async function assertReachable({ machines }: Deps, { machineId, diskIds, running }: Wanted): Promise<void> {
  const machine = await machineNow(machines, machineId)
  if (machine.state.kind === 'off') {
    const off = errorOfState(machine.name, machine.state)
    if (running && off) throw off
    return
  }
  await using lease = await machines.acquire(machineId)
  const inventory = await lease.inventory()
  await assertNoClash(
    lease.session,
    machine.name,
    chooseDisks({ inventory, wanted: diskIds, machineName: machine.name }),
  )
}
