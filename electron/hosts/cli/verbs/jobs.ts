import { describeJob, describeProgress, jobTitle, percentOf, readingOf } from '../../../../shared/text/job-words.ts'
import type { Context, Given, Verb } from '../context.ts'
import { findJob } from '../lookups.ts'
import { valueIn } from '../problem.ts'
import { table } from '../table.ts'

async function list({ output, client, dependencies }: Context): Promise<number> {
  const jobs = valueIn(await (await client()).invoke('jobs.list', {}))
  output.document(jobs)
  const style = { now: dependencies.now(), locale: 'en', jobs }
  const rows = jobs.map((job) => {
    const percent = percentOf(job)
    const progress = describeProgress(job, style)
    const isCopying = job.state.kind === 'copying'
    const reads = readingOf(job) === null ? null : progress?.percent
    const state = isCopying ? `${percent ?? 0} %  ${progress?.rate ?? ''}` : (reads ?? describeJob(job, style).title)
    return [job.id, job.machineName, jobTitle(job), state]
  })
  for (const line of table(['ID', 'MACHINE', 'JOB', 'STATE'], rows)) output.line(line)
  if (jobs.length === 0) output.line('Nothing is running.')
  return 0
}

const actions = {
  pause: { call: 'jobs.pause', done: 'Paused' },
  resume: { call: 'jobs.resume', done: 'Resumed' },
  cancel: { call: 'jobs.cancel', done: 'Cancelled' },
} as const

async function act({ output, client }: Context, given: Given): Promise<number> {
  const floe = await client()
  const action = actions[given.verb as keyof typeof actions]
  const job = await findJob(floe, given.words[0] ?? '')
  valueIn(await floe.invoke(action.call, { jobId: job.id }))
  const after = valueIn(await floe.invoke('jobs.list', {})).find((candidate) => candidate.id === job.id)
  output.document(after ?? { id: job.id })
  output.line(`${action.done}: ${jobTitle(job)} (${job.id}).`)
  return 0
}

const one = { options: {}, help: [], words: [1, 1], usage: 'J', run: act } as const

export const jobVerbs: readonly Verb[] = [
  {
    name: 'jobs',
    usage: '',
    summary: 'List what is running or was done by the Floe that is running',
    help: [],
    options: {},
    words: [0, 0],
    run: list,
  },
  { name: 'pause', summary: 'Pause a job', ...one },
  { name: 'resume', summary: 'Go on with a paused job', ...one },
  { name: 'cancel', summary: 'Cancel a job; a partial copy is removed', ...one },
]
