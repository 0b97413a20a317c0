// What a screen reader hears about jobs: start, each phase, every quarter, the end (ux.md 5).
import { type ReactElement, useEffect, useRef, useState } from 'react'
import type { Job } from '../../../shared/domain/job.ts'
import { describeJob, jobName } from '../../../shared/text/job-words.ts'
import { LiveRegion } from '../design/live-region.tsx'
import { useJobs } from '../state/selectors.ts'
import { useTopic } from '../state/window-state.tsx'

export function Announcer(): ReactElement {
  const jobs = useJobs()
  const { loaded } = useTopic('jobs')
  const heard = useRef<ReadonlyMap<string, string> | null>(null)
  const [sentence, setSentence] = useState('')
  useEffect(() => {
    if (!loaded) return
    const marks = new Map(jobs.map((job) => [job.id as string, markOf(job)]))
    const before = heard.current
    heard.current = marks
    if (before === null) return
    const changed = jobs.find((job) => before.get(job.id) !== marks.get(job.id))
    if (changed !== undefined) setSentence(sentenceOf(changed))
  }, [jobs, loaded])
  return <LiveRegion text={sentence} />
}

/** Changes exactly when there is something to say. */
function markOf(job: Job): string {
  const quarter = job.state.kind === 'copying' ? Math.floor((job.progress?.fraction ?? 0) * 4) : 0
  return `${job.state.kind}-${job.stalledSince === null ? quarter : 'stalled'}`
}

function sentenceOf(job: Job): string {
  const { title } = describeJob(job, { now: new Date() })
  const quarter = Math.floor((job.progress?.fraction ?? 0) * 4)
  if (job.state.kind === 'copying' && quarter > 0 && job.stalledSince === null)
    return `${jobName(job)}: ${quarter * 25} percent`
  if (job.state.kind === 'comparing') return `${jobName(job)}: comparing with the last restore point`
  return `${jobName(job)}: ${title}`
}
