import { randomBytes } from 'node:crypto'
import { newId } from '../../electron/core/ids.ts'
import { newJob } from '../../electron/core/jobs/new-job.ts'
import type { Clock, Logger } from '../../electron/core/ports/index.ts'
import type { MachineId } from '../../shared/domain/ids.ts'
import type { Job } from '../../shared/domain/job.ts'

/** The real clock; follows vitest's fake timers. */
export const realClock: Clock = { now: () => new Date(), monotonic: () => performance.now() }

export const quietLogger: Logger = { info() {}, warn() {}, error() {} }

export function freshId<T extends string>(): T {
  return newId({ randomBytes }) as T
}

/** A job as an owner hands it to the board. */
export function testJob(change: Partial<Job> = {}): Job {
  const facts = { machineId: freshId<MachineId>(), machineName: 'debian-dev', canPause: true }
  return { ...newJob({ randomBytes, clock: realClock }, 'backup', facts), ...change }
}
