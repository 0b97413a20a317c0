// A job in words (ux.md S3): title, the line below, and what its bar says. One place for the card, the sidebar, the
// activity list, the Dock and the CLI, so that all of them say the same thing at the same time. The words of its
// groups of states lie in job-words/.
import type { Job } from '../domain/job.ts'
import { cancelledWords, doneWords } from './job-words/endings.ts'
import { contextOf, type JobStyle, type JobWords, jobTitle } from './job-words/naming.ts'
import { holdingWords, pausedWords, queuedWords, stalledWords, waitingWords } from './job-words/standing.ts'
import { describeProblem } from './problems.ts'

export { type CancelQuestion, cancelQuestion, wantsAgent } from './job-words/endings.ts'
export { impactWords, wayNote } from './job-words/guest.ts'
export {
  contextOf,
  isUnderWay,
  type JobStyle,
  type JobWords,
  jobName,
  jobTitle,
  percentOf,
} from './job-words/naming.ts'
export { phaseLabel, phaseWords } from './job-words/phases.ts'
export {
  changedBytes,
  nextBackupSentence,
  type PlanNote,
  type Planned,
  planNote,
  plannedWords,
} from './job-words/plan.ts'
export {
  describeProgress,
  type ProgressWords,
  type Reading,
  readingName,
  readingOf,
  speakProgress,
} from './job-words/progress.ts'

/** Title, line and tone of a job as it stands. */
export function describeJob(job: Job, style: JobStyle): JobWords {
  const state = job.state
  const running = job.reattached ? 'Found a backup still running' : jobTitle(job)
  const note = job.note ?? ''
  switch (state.kind) {
    case 'queued':
      return queuedWords(job, state, style)
    case 'waiting':
      return waitingWords(job, state, style)
    case 'preparing':
      return { title: job.kind === 'backup' ? 'Preparing' : jobTitle(job), line: state.step, tone: 'running' }
    case 'freezing':
      return { title: 'Freezing file systems', line: freezingLine(style.freezeLimitSeconds), tone: 'running' }
    case 'holding':
      return holdingWords(job, style)
    case 'comparing':
      return {
        title: running,
        line: 'Comparing with the last restore point, to copy only what changed.',
        tone: 'running',
      }
    case 'proving':
      return {
        title: 'Proving the copy',
        line: 'The machine’s disks as they were at the instant are read once more and compared with the finished copy.',
        tone: 'running',
      }
    case 'copying':
      if (job.stalledSince !== null) return stalledWords(job.stalledSince, style.now)
      return {
        title: running,
        line: note === '' && job.reattached ? 'Floe was closed; QEMU kept copying.' : note,
        tone: 'running',
      }
    case 'checking':
      return { title: job.kind === 'backup' ? 'Checking the copy' : running, line: note, tone: 'running' }
    case 'paused':
      return pausedWords(job, state, style)
    case 'finishing':
      return { title: running, line: state.step, tone: 'running' }
    case 'cancelling':
      return job.kind === 'export'
        ? { title: 'Ending the export', line: 'The machine keeps running.', tone: 'running' }
        : { title: 'Cancelling', line: 'The partial copy is being removed.', tone: 'running' }
    case 'done':
      return doneWords(job, style)
    case 'cancelled':
      return cancelledWords(job, style)
    case 'failed': {
      const text = describeProblem(state.problem, contextOf(job, style))
      return { title: text.title, line: text.body, tone: 'problem' }
    }
  }
}

function freezingLine(limitSeconds: number | undefined): string {
  const limit = limitSeconds === undefined ? 'a few seconds' : `at most ${limitSeconds}\u00a0s`
  return `Cancel is off for ${limit}: Floe is waiting for the guest.`
}
