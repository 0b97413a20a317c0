// An export for as long as this command wants it. Two ways tell that it is over: the call that holds it ends, and the
// job is final. What was read counts only if the export was whole until it was let go.
import type { JobId, PointId } from '../../../../shared/domain/ids.ts'
import type { ExportPlace, Job } from '../../../../shared/domain/job.ts'
import type { Problem } from '../../../../shared/errors/problem.ts'
import type { FloeClient } from '../../../core/gate/client.ts'
import type { Context } from '../context.ts'
import { assertNotFailed, watchJob } from '../follow-job.ts'
import { CommandFailed, problemOf, valueIn } from '../problem.ts'
import { ProgressLines } from '../progress.ts'

export interface ExportWish {
  readonly machineId: Job['machineId'] & string
  readonly diskIds: string[] | null
  /** Also tells what changed since this point. */
  readonly since: PointId | null
  readonly freeze: boolean | null
  readonly requireFreeze: boolean | null
}

export interface HeldExport {
  readonly job: Job
  readonly place: ExportPlace
  /** Resolves with the problem when the export ends although nobody here has let it go. */
  readonly lost: Promise<Problem>
  /**
   * Lets go and waits until the export is taken down.
   * @throws CommandFailed when it was not whole to the end
   */
  end(): Promise<void>
}

/**
 * Starts an export and holds it from the first moment on, so that it ends when this process does.
 * @throws CommandFailed when it cannot be made, or was cancelled before
 */
export async function holdExport(context: Context, client: FloeClient, wish: ExportWish): Promise<HeldExport> {
  const { jobId } = valueIn(await client.invoke('export.start', wish))
  const letGo = new AbortController()
  let wanted = true
  const held = client.invoke('export.hold', { jobId }, letGo.signal)
  const lines = new ProgressLines(context.output, context.dependencies.now)
  const job = await watchJob(context, client, jobId, {
    onChange: (next) => {
      if (next.state.kind !== 'holding') lines.show(next)
    },
    isEnough: (next) => next.state.kind === 'holding' && next.export !== null,
  })
  assertNotFailed(job)
  const lost = new Promise<Problem>((resolve) => {
    void held.then((result) => {
      if (wanted) resolve(result.ok ? endedByOthers(job) : result.problem)
    })
  })
  return {
    job,
    place: job.export as ExportPlace,
    lost,
    end: async () => {
      wanted = false
      try {
        await client.invoke('jobs.cancel', { jobId })
        const ending = await held
        if (!ending.ok) throw new CommandFailed(ending.problem, { details: { jobId } })
        await assertWhole(client, jobId)
      } finally {
        letGo.abort()
      }
    },
  }
}

async function assertWhole(client: FloeClient, jobId: JobId): Promise<void> {
  const job = valueIn(await client.invoke('jobs.list', {})).find((candidate) => candidate.id === jobId)
  if (job?.state.kind === 'failed') throw new CommandFailed(job.state.problem, { details: { jobId } })
}

function endedByOthers(job: Job): Problem {
  return problemOf('export/ended', `The export of ${job.machineName} was ended from outside this command.`, {
    params: { machine: job.machineName, jobId: job.id },
    remedy: 'What was read from it is not complete: begin again.',
  })
}
