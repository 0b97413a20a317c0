import type { Activity } from '../../../shared/domain/activity.ts'
import { isFinal, type Job } from '../../../shared/domain/job.ts'

/** Jobs that are at work or were stopped on the way; not those that only wait or that nobody asked for. */
export function runningJobs(jobs: readonly Job[]): Job[] {
  return unfinishedJobs(jobs).filter((job) => !['queued', 'waiting'].includes(job.state.kind))
}

/** Jobs whose end a person would miss: also the queued ones. */
export function unfinishedJobs(jobs: readonly Job[]): Job[] {
  return jobs.filter((job) => !isFinal(job.state) && job.background !== true)
}

/** A machine must not be put to sleep under these; a job that is paused or waits copies nothing. */
export function needsTheMacAwake(jobs: readonly Job[]): boolean {
  return runningJobs(jobs).some((job) => job.state.kind !== 'paused' && job.state.kind !== 'waiting')
}

/** Nothing may end while a guest's file systems are frozen. */
export function isFrozen(job: Job): boolean {
  return job.phases.some((phase) => phase.name === 'frozen' && phase.state === 'current')
}

export function problemCount(activities: readonly Activity[]): number {
  return activities.filter((activity) => activity.level === 'problem' && !activity.dismissed).length
}

/**
 * The bar in the Dock: all jobs that ran since nothing ran, weighted by bytes. A job that has ended counts as whole
 * until the last one has, so the bar does not jump back; it stops at 99 %, and is 0 while nothing is known.
 */
export class DockProgress {
  #jobs = new Map<string, { done: number; total: number }>()

  /** 0 to 0.99, or null when nothing runs. */
  update(jobs: readonly Job[]): number | null {
    const running = runningJobs(jobs)
    if (running.length === 0) {
      this.#jobs.clear()
      return null
    }
    const current = new Set(running.map((job) => job.id as string))
    for (const [id, job] of this.#jobs) if (!current.has(id)) job.done = job.total
    for (const { id, progress } of running) {
      if (progress !== null)
        this.#jobs.set(id, { done: progress.fraction * progress.totalBytes, total: progress.totalBytes })
    }
    const sums = [...this.#jobs.values()]
    const total = sums.reduce((sum, job) => sum + job.total, 0)
    const done = sums.reduce((sum, job) => sum + job.done, 0)
    return total === 0 ? 0 : Math.min(0.99, done / total)
  }
}
