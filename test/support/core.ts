import { randomBytes } from 'node:crypto'
import { newId } from '../../electron/core/ids.ts'
import type { Clock, Logger } from '../../electron/core/ports/index.ts'
import type { JobId, MachineId } from '../../shared/domain/ids.ts'
import type { Job } from '../../shared/domain/job.ts'

/** The real clock; follows vitest's fake timers. */
export const realClock: Clock = { now: () => new Date(), monotonic: () => performance.now() }

export const quietLogger: Logger = { info() {}, warn() {}, error() {} }

export function freshId<T extends string>(): T {
  return newId({ randomBytes }) as T
}

/** A job as an owner hands it to the board. */
export function testJob(change: Partial<Job> = {}): Job {
  return {
    id: freshId<JobId>(),
    kind: 'backup',
    state: { kind: 'queued', position: 1, blockedBy: null },
    machineId: freshId<MachineId>(),
    machineName: 'debian-dev',
    destinationId: null,
    destinationName: null,
    pointId: null,
    restoreId: null,
    phases: [],
    progress: null,
    checked: null,
    disks: [],
    createdAt: new Date().toISOString(),
    startedAt: null,
    finishedAt: null,
    limit: null,
    canPause: true,
    canCancel: true,
    reattached: false,
    note: null,
    result: null,
    ...change,
  }
}
