// Words that stand still: text is renewed once a second, time left only when it is off by more than 10 % (ux.md 4).
import { useEffect, useRef, useState } from 'react'
import type { Job } from '../../../../shared/domain/job.ts'
import { steadyEta } from '../../../../shared/format/duration.ts'

/** The job as its words should show it: at once after a change of state, else the latest of each second. */
export function useSteadyJob(job: Job, now: number): Job {
  const shown = useRef({ job, second: 0 })
  const second = Math.floor(now / 1000)
  const before = shown.current
  if (before.second !== second || before.job.id !== job.id || before.job.state.kind !== job.state.kind) {
    shown.current = { job, second }
  }
  return shown.current.job
}

/** Seconds left to show for the job. */
export function useSteadyEta(job: Job): number | null {
  const estimate = job.state.kind === 'copying' ? (job.progress?.secondsLeft ?? null) : null
  const [shown, setShown] = useState<number | null>(estimate)
  const next = steadyEta(shown, estimate)
  useEffect(() => {
    if (next !== shown) setShown(next)
  }, [next, shown])
  return next
}

/** True while the job has been in its state for at least `milliseconds`. `now` is the caller's ticking clock. */
export function useLongerThan(job: Job, now: number, milliseconds: number): boolean {
  const since = useRef({ kind: job.state.kind, at: now })
  if (since.current.kind !== job.state.kind) since.current = { kind: job.state.kind, at: now }
  return now - since.current.at >= milliseconds
}
