// Waits for a job to end, telling its progress as it comes. Deltas may stop when the Floe that runs the job goes away,
// so now and then it asks as well.
import type { JobId } from '../../../shared/domain/ids.ts'
import { isFinal, type Job } from '../../../shared/domain/job.ts'
import type { Result } from '../../../shared/ipc/result.ts'
import type { FloeClient } from '../../core/gate/client.ts'
import type { Context } from './context.ts'
import { CommandFailed, problemOf, valueIn } from './problem.ts'
import { ProgressLines } from './progress.ts'

const askEveryMs = 2_000

interface Watching {
  readonly onChange: (job: Job) => void
  readonly isEnough: (job: Job) => boolean
}

/**
 * Follows a job that this command started until it is as wished, or over; Ctrl-C cancels it.
 * @throws CommandFailed when its Floe is gone
 */
export function watchJob(context: Context, client: FloeClient, jobId: JobId, watching: Watching): Promise<Job> {
  const { output, dependencies } = context
  return new Promise<Job>((resolve, reject) => {
    const stops: (() => void)[] = []
    let ended = false
    const end = (finish: () => void) => {
      ended = true
      for (const stop of stops.splice(0)) stop()
      finish()
    }
    const take = (next: Job | undefined) => {
      if (ended || next === undefined || next.id !== jobId) return
      watching.onChange(next)
      if (isFinal(next.state) || watching.isEnough(next)) end(() => resolve(next))
    }
    const ask = async () => {
      const result = await client.invoke('jobs.list', {})
      if (!result.ok) end(() => reject(new CommandFailed(result.problem)))
      else take(result.value.find((candidate) => candidate.id === jobId))
    }
    const cancel = async () => {
      const result = await client.invoke('jobs.cancel', { jobId })
      if (!result.ok) output.aside(`${result.problem.message} Waiting until it is done.`)
    }
    const timer = setInterval(() => void ask().catch(reject), askEveryMs)
    stops.push(() => clearInterval(timer))
    const interrupt = () => void cancel().catch(reject)
    dependencies.signal.addEventListener('abort', interrupt, { once: true })
    stops.push(() => dependencies.signal.removeEventListener('abort', interrupt))
    const stopListening = client.subscribe('jobs', (message) => {
      for (const item of message.kind === 'snapshot' ? message.items : message.upserts) take(item)
    })
    if (ended) stopListening()
    else stops.push(stopListening)
    if (dependencies.signal.aborted && !ended) interrupt()
  })
}

/**
 * Follows a job to its end, telling its progress. Resolves with the job when it is done.
 * @throws CommandFailed when it failed or was cancelled, or when its Floe is gone
 */
export async function followJob(context: Context, client: FloeClient, jobId: JobId): Promise<Job> {
  const lines = new ProgressLines(context.output, context.dependencies.now)
  const job = await watchJob(context, client, jobId, { onChange: (next) => lines.show(next), isEnough: () => false })
  assertNotFailed(job)
  return job
}

/** @throws CommandFailed with the problem of a job that failed or was cancelled */
export function assertNotFailed(job: Job): void {
  if (job.state.kind === 'failed') throw new CommandFailed(job.state.problem, { details: { jobId: job.id } })
  if (job.state.kind === 'cancelled') throw new CommandFailed(cancelled(job), { details: { jobId: job.id } })
}

function cancelled(job: Job) {
  const params = { machine: job.machineName, jobId: job.id }
  if (job.kind === 'backup') {
    const stays = job.state.kind === 'cancelled' && job.state.partialRemoved === false
    const copy = stays ? 'The partial copy could not be removed.' : 'The partial copy was removed.'
    return problemOf('backup/cancelled', `The backup of ${job.machineName} was cancelled. ${copy}`, { params })
  }
  if (job.kind === 'restore' || job.kind === 'swap' || job.kind === 'undo') {
    return problemOf('restore/cancelled', 'The restore was cancelled. All images are as before.', { params })
  }
  return problemOf('system/interrupted', 'It was cancelled before it was done.', { params })
}

/**
 * Starts a job and follows it.
 * @throws CommandFailed as `followJob`; `system/interrupted` when Ctrl-C came before the job
 */
export async function runJob(
  context: Context,
  client: FloeClient,
  start: () => Promise<Result<{ readonly jobId: JobId }>>,
): Promise<Job> {
  if (context.dependencies.signal.aborted) {
    throw new CommandFailed(problemOf('system/interrupted', 'Nothing was started.'))
  }
  const { jobId } = valueIn(await start())
  return followJob(context, client, jobId)
}
