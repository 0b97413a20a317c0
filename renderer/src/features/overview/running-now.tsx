// Jobs that go on right now, one line each; the machine's page has the whole card.
import type { ReactElement } from 'react'
import type { Job } from '../../../../shared/domain/job.ts'
import { describeJob, describeProgress, jobName, speakProgress } from '../../../../shared/text/job-words.ts'
import { Button } from '../../design/button.tsx'
import { Card } from '../../design/card.tsx'
import { ProgressBar } from '../../design/progress-bar.tsx'
import { useActiveJobs, useSettings } from '../../state/selectors.ts'
import { useUiActions } from '../../state/window-state.tsx'
import styles from './overview.module.css'

export function RunningNow(): ReactElement | null {
  const jobs = useActiveJobs()
  if (jobs.length === 0) return null
  const queued = jobs.filter((job) => job.state.kind === 'queued').length
  return (
    <Card tone="live" label="Running now" testId="running-now">
      <div className={styles.cardHead}>
        <h2 className={styles.heading}>Running now</h2>
        {queued === 0 ? null : <span className={styles.note}>{queued} queued</span>}
      </div>
      {jobs
        .filter((job) => job.state.kind !== 'queued')
        .map((job) => (
          <RunningLine key={job.id} job={job} jobs={jobs} />
        ))}
    </Card>
  )
}

function RunningLine({ job, jobs }: { readonly job: Job; readonly jobs: readonly Job[] }): ReactElement {
  const ui = useUiActions()
  const { units } = useSettings()
  const style = { now: new Date(), units, jobs }
  const words = describeJob(job, style)
  const progress = describeProgress(job, style)
  const { machineId } = job
  // What waits, or only holds an instant, has no bar.
  const moves = job.state.kind !== 'waiting' && job.state.kind !== 'holding'
  const parts = [words.title, progress?.percent, progress?.eta].filter((part) => part != null)
  return (
    <div className={styles.running}>
      {machineId === null ? (
        <span>{job.machineName}</span>
      ) : (
        <Button variant="plain" onPress={() => ui.show({ kind: 'machine', machineId })}>
          {job.machineName}
        </Button>
      )}
      {moves ? (
        <ProgressBar
          label={jobName(job)}
          fraction={job.progress?.fraction ?? null}
          valueText={speakProgress(job, style)}
          tone={words.tone === 'problem' ? 'problem' : 'accent'}
        />
      ) : (
        <span />
      )}
      <span className={styles.runningText}>{parts.join(' · ')}</span>
    </div>
  )
}
