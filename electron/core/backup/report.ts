// Tells people how a backup ended: on its card and in the activity list, once.
import type { Job, JobResult } from '../../../shared/domain/job.ts'
import type { Problem } from '../../../shared/errors/problem.ts'
import { formatBytes } from '../../../shared/format/bytes.ts'
import { formatDuration } from '../../../shared/format/duration.ts'
import type { ActivityLog } from '../activity/types.ts'
import { toProblem } from '../errors.ts'
import type { JobBoard } from '../jobs/types.ts'
import type { BackupCard } from './backup-card.ts'
import { endOf } from './card.ts'
import type { BackupRun } from './runner.ts'
import type { Ending } from './state.ts'

interface Told {
  readonly board: JobBoard
  readonly activity: ActivityLog
}

/** A backup that failed before it began to change anything. */
export function tellFailure({ board, activity }: Told, job: Job, error: unknown): void {
  const problem = toProblem(error)
  if (problem.code === 'backup/cancelled') {
    board.update(job.id, { state: { kind: 'cancelled' } })
    return
  }
  addProblem(activity, job, problem, [])
  board.update(job.id, { state: { kind: 'failed', problem } })
}

export function tellEnd({ board, activity }: Told, run: BackupRun, card: BackupCard, ending: Ending): void {
  const job = board.get(run.header.jobId)
  const { timeline } = card
  const final = { ...card.final({ state: 'ended', ending }), result: resultOf(run, ending), state: endOf(ending) }
  if (ending.kind === 'good') {
    const bytes = run.point?.disks.reduce((sum, disk) => sum + disk.bytesCopied, 0) ?? 0
    const unchecked = ending.checked ? '' : ' It was not read back.'
    const worth = worthOf(job.instant)
    addEntry(
      activity,
      job,
      'success',
      `Backed up ${formatBytes(bytes)} to ${job.destinationName}${worth}${unchecked}`,
      timeline,
    )
    const note = ending.checked ? job.note : 'The copy was not read back, so its content cannot be verified yet.'
    board.update(job.id, { ...final, note })
    return
  }
  if (ending.kind === 'cancelled') addEntry(activity, job, 'info', 'The backup was cancelled.', timeline)
  else addProblem(activity, job, ending.problem, timeline)
  board.update(job.id, final)
}

/** How the rest of the sentence goes: ", frozen for 84 ms." or ". Not frozen: …". */
function worthOf(instant: Job['instant']): string {
  if (instant?.freeze) {
    const share = instant.freeze.partial === true ? ' (not all of its file systems)' : ''
    return `, frozen for ${formatDuration(instant.freeze.heldMs)}${share}.`
  }
  if (instant?.consistency === 'offline') return ', while the machine was off.'
  return instant?.reason ? `. ${instant.reason}` : '.'
}

function resultOf(run: BackupRun, ending: Ending): JobResult | null {
  const { point } = run
  if (!point || ending.kind === 'cancelled' || ending.kind === 'failed') return null
  return {
    pointId: point.id,
    restoreId: null,
    images: point.disks.map((disk) => ({ disk: disk.id, path: `${point.path}/${disk.file}` })),
    ok: ending.kind === 'good',
    bytes: point.disks.reduce((sum, disk) => sum + disk.bytesCopied, 0),
  }
}

type Timeline = readonly { at: string; text: string }[]

function addEntry(activity: ActivityLog, job: Job, level: 'info' | 'success', text: string, timeline: Timeline): void {
  const { machineId, machineName: subject, id: jobId } = job
  activity.add({ level, machineId, subject, text, jobId, problem: null, timeline: [...timeline] })
}

function addProblem(activity: ActivityLog, job: Job, problem: Problem, timeline: Timeline): void {
  const { machineId, machineName: subject, id: jobId } = job
  activity.add({ level: 'problem', machineId, subject, text: problem.message, jobId, problem, timeline: [...timeline] })
}
