import type { JobId } from '../../../shared/domain/ids.ts'
import type { Job, JobKind } from '../../../shared/domain/job.ts'
import { newId } from '../ids.ts'
import type { Ports } from '../ports/index.ts'

/** A job as it enters the board: queued, with nothing done yet. `facts` says what it is about. */
export function newJob(
  ports: Pick<Ports, 'randomBytes' | 'clock'>,
  kind: JobKind,
  facts: Partial<Omit<Job, 'id' | 'kind'>>,
): Job {
  return {
    id: newId(ports) as JobId,
    kind,
    state: { kind: 'queued', position: 1, blockedBy: null },
    machineId: null,
    machineName: '',
    destinationId: null,
    destinationName: null,
    pointId: null,
    restoreId: null,
    phases: [],
    progress: null,
    checked: null,
    disks: [],
    createdAt: ports.clock.now().toISOString(),
    startedAt: null,
    finishedAt: null,
    limit: null,
    canPause: false,
    canCancel: true,
    reattached: false,
    note: null,
    impact: null,
    scratch: null,
    instant: null,
    way: null,
    plan: null,
    stalledSince: null,
    export: null,
    result: null,
    ...facts,
  }
}
