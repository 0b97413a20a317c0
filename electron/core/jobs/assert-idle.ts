import type { MachineId } from '../../../shared/domain/ids.ts'
import type { JobKind } from '../../../shared/domain/job.ts'
import { FloeError } from '../errors.ts'
import type { JobBoard } from './types.ts'

/** These only read or delete restore points. */
const elsewhere: readonly JobKind[] = ['verify', 'delete']

/**
 * Is nothing going on with this machine? A machine that is forgotten cannot be reached any more, and what a job has put
 * in the way of its guest would stay there. One that only waits for something outside has not begun.
 * @throws FloeError `machine/has-jobs`
 */
export function assertIdle(board: Pick<JobBoard, 'active'>, machineId: MachineId): void {
  const jobs = board.active().filter((job) => job.machineId === machineId && !elsewhere.includes(job.kind))
  const job = jobs.find(({ state }) => state.kind !== 'waiting')
  if (!job) return
  throw new FloeError('machine/has-jobs', `${job.machineName} is being worked with and can't be removed now.`, {
    params: { machine: job.machineName },
    remedy: 'Wait until that has ended, or cancel it.',
  })
}
