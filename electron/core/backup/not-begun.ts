import type { ActivityLog } from '../activity/types.ts'
import type { JobBoard } from '../jobs/types.ts'

/** Floe closes: jobs are not remembered over its end, so what was only about to begin is told where people look later. */
export function tellNotBegun(board: Pick<JobBoard, 'active'>, activity: Pick<ActivityLog, 'add'>): void {
  for (const job of board.active()) {
    const hasBegun = job.state.kind !== 'waiting' && job.state.kind !== 'queued'
    // One that an earlier Floe began is found again at the next start.
    if (job.kind !== 'backup' || hasBegun || job.reattached) continue
    const { id: jobId, machineId, machineName: subject, destinationName } = job
    const text = `The backup to ${destinationName} had not begun when Floe was closed, and does not start by itself any more.`
    activity.add({ level: 'warning', machineId, subject, text, jobId, problem: null, timeline: [] })
  }
}
