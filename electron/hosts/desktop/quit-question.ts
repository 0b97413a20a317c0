import type { Job } from '../../../shared/domain/job.ts'
import { etaWords } from '../../../shared/format/duration.ts'
import { percentOf } from '../../../shared/text/job-words.ts'
import { runningJobs } from './job-summary.ts'

/** What Quit asks while something runs (ux.md 3.1), in the order of its buttons. */
export const quitAnswers = ['keep-running', 'cancel', 'stop-and-quit'] as const

export interface QuitQuestion {
  readonly message: string
  readonly detail: string
  /** One for each of `quitAnswers`. */
  readonly buttons: readonly [string, string, string]
}

const doing: Record<Job['kind'], string> = {
  backup: 'is being backed up',
  restore: 'is being restored to a new image',
  swap: 'is being restored',
  undo: 'is being taken back to before its restore',
  verify: 'has a restore point being verified',
  delete: 'has restore points being deleted',
  export: 'is being read by another program',
}

/** `jobs`: those that are not final; at least one. */
export function quitQuestion(jobs: readonly Job[], platform: 'darwin' | 'linux'): QuitQuestion {
  const onlyBackups = jobs.every((job) => job.kind === 'backup')
  const what = !onlyBackups ? 'Stop Jobs' : jobs.length > 1 ? 'Stop Backups' : 'Stop Backup'
  return {
    message: messageOf(jobs),
    detail: 'What is stopped leaves nothing half-done behind. Your restore points stay.',
    buttons: [
      platform === 'darwin' ? 'Keep Running in Menu Bar' : 'Keep Running in Background',
      'Cancel',
      `${what} and Quit`,
    ],
  }
}

function messageOf(jobs: readonly Job[]): string {
  const [job] = jobs
  if (job === undefined || jobs.length > 1) {
    const running = runningJobs(jobs).length
    const waiting = jobs.length - running
    return `${running === 1 ? '1 job is' : `${running} jobs are`} running${waiting > 0 ? `, ${waiting} waiting` : ''}.`
  }
  if (job.state.kind === 'queued') return `A job of ${job.machineName} is waiting for its turn.`
  const facts = []
  const percent = percentOf(job)
  if (percent !== null) facts.push(`${percent} %`)
  if (job.progress?.secondsLeft != null) facts.push(`${etaWords(job.progress.secondsLeft)} left`)
  return `${job.machineName} ${doing[job.kind]}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}.`
}
