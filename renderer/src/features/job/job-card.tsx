// One job, live (ux.md S3): what it is, how far it is, what can be done. The same card for every kind of job.
import { type ReactElement, useState } from 'react'
import type { Job } from '../../../../shared/domain/job.ts'
import { formatTime } from '../../../../shared/format/dates.ts'
import {
  contextOf,
  describeJob,
  describeProgress,
  isUnderWay,
  type JobStyle,
  type JobWords,
  jobName,
  planNote,
  readingOf,
  speakProgress,
} from '../../../../shared/text/job-words.ts'
import { describeProblem } from '../../../../shared/text/problems.ts'
import { Button } from '../../design/button.tsx'
import { Card } from '../../design/card.tsx'
import { ProgressBar } from '../../design/progress-bar.tsx'
import { CloseIcon } from '../../icons/icons.tsx'
import { isFirstFull, useJobs, usePoints, useSettings } from '../../state/selectors.ts'
import { useNow } from '../../state/window-state.tsx'
import { useWordStyle } from '../../state/words.ts'
import { DiskBars } from './disk-bars.tsx'
import { ExportPlaces } from './export-places.tsx'
import { GuestNotes } from './guest-notes.tsx'
import { JobButtons } from './job-buttons.tsx'
import styles from './job-card.module.css'
import { JobIcon } from './job-icon.tsx'
import { ProblemButtons, ProblemDetails } from './job-problem.tsx'
import { PhaseStepper } from './phase-stepper.tsx'
import { useLongerThan, useSteadyEta, useSteadyJob } from './steady-words.ts'

export interface JobCardProps {
  readonly job: Job
  /** Puts a finished card away. */
  readonly onDismiss: () => void
}

export function JobCard({ job: given, onDismiss }: JobCardProps): ReactElement {
  // "Keep Waiting" takes one warning away; a job that stands still anew is told anew.
  const [waitedOn, setWaitedOn] = useState<string | null>(null)
  const stalled = given.stalledSince !== null && given.stalledSince !== waitedOn
  const job = stalled || given.stalledSince === null ? given : { ...given, stalledSince: null }
  const now = useNow(1000)
  const words = useWordStyle(1000)
  const jobs = useJobs()
  const points = usePoints(job.machineId)
  const secondsLeft = useSteadyEta(job)
  const steady = useSteadyJob(job, now)
  const { freezeLimitSeconds } = useSettings()
  const slow = useLongerThan(job, now, 5000)
  const style: JobStyle = {
    ...words,
    secondsLeft,
    jobs,
    freezeLimitSeconds,
    problemContext: { firstFull: isFirstFull(job, points) },
  }
  const text = describeJob(job, style)
  const showLine = text.line !== '' && (job.state.kind !== 'preparing' || slow)
  const active = isUnderWay(job.state)
  const failed = job.state.kind === 'failed' ? job.state.problem : null
  const started = job.startedAt ?? job.createdAt
  const pending = job.state.kind === 'queued' || job.state.kind === 'waiting'
  return (
    <Card
      label={pending ? `${jobName(job)}, waiting` : jobName(job)}
      testId={`job-${job.id}`}
      tone={text.tone === 'problem' ? 'problem' : active ? 'live' : 'plain'}
    >
      <div className={styles.head}>
        <JobIcon job={job} tone={text.tone} />
        <strong className={styles.title}>{text.title}</strong>
        <span className={styles.when}>
          {active || pending
            ? `· ${pending ? 'asked for' : 'started'} ${formatTime(started, words)}`
            : `· ${formatTime(job.finishedAt ?? started, words)}`}
        </span>
        <span className={styles.buttons}>
          <JobButtons
            job={job}
            now={now}
            units={words.units}
            onKeepWaiting={stalled ? () => setWaitedOn(given.stalledSince) : null}
          />
          {failed === null ? null : (
            <ProblemButtons job={job} problem={failed} text={describeProblem(failed, contextOf(job, style))} />
          )}
          {active || pending ? null : (
            <Button size="small" icon={<CloseIcon small />} onPress={onDismiss} label={`Hide: ${text.title}`}>
              Hide
            </Button>
          )}
        </span>
      </div>
      {active && job.state.kind !== 'holding' ? (
        <JobProgress job={job} steady={steady} style={style} tone={text.tone} />
      ) : null}
      {showLine ? <p className={styles.line}>{text.line}</p> : null}
      {active && (job.kind === 'backup' || job.kind === 'export') && job.state.kind !== 'holding' ? (
        <PhaseStepper phases={job.phases} />
      ) : null}
      {job.export !== null && job.state.kind === 'holding' ? (
        <ExportPlaces place={job.export} units={words.units} />
      ) : null}
      {active ? <PlanLine job={job} /> : null}
      {active ? <GuestNotes job={job} units={words.units} /> : null}
      {active && showsDisks(job) ? <DiskBars disks={steady.disks} units={words.units} /> : null}
      {failed === null ? null : <ProblemDetails problem={failed} />}
    </Card>
  )
}

function JobProgress(props: {
  readonly job: Job
  readonly steady: Job
  readonly style: JobStyle
  readonly tone: JobWords['tone']
}): ReactElement {
  const { job, steady, style } = props
  const reading = readingOf(job)
  // What is read has a tone of its own: over the empty bar before the copy, over the full one after it.
  const copied = job.state.kind === 'comparing' ? 0 : 1
  const numbers = describeProgress(steady, style)
  return (
    <>
      <div className={styles.bar}>
        <ProgressBar
          label={jobName(job)}
          fraction={reading === null ? (job.progress?.fraction ?? null) : copied}
          valueText={speakProgress(steady, style)}
          tone={props.tone === 'problem' ? 'problem' : 'accent'}
        />
        {reading === null ? null : (
          <div
            className={styles.sweep}
            data-testid="check-sweep"
            style={{ width: `${reading.totalBytes === 0 ? 0 : (reading.doneBytes / reading.totalBytes) * 100}%` }}
          />
        )}
      </div>
      {numbers === null ? null : (
        <div className={styles.numbers}>
          <span>
            {reading === null ? numbers.bytes : ''}
            {numbers.rate === null ? '' : ` · ${numbers.rate}`}
          </span>
          <span>
            <strong>{numbers.percent}</strong>
            {numbers.eta === null ? '' : ` · ${numbers.eta}`}
          </span>
        </div>
      )}
    </>
  )
}

/** Why it is a full one, or has to compare (ux.md 3.3, B2, B3, G4). */
function PlanLine({ job }: { readonly job: Job }): ReactElement | null {
  const note = planNote(job)
  if (note === null) return null
  return (
    <p className={styles.line} data-testid="plan-note">
      <strong className={styles.title}>{note.title}</strong> {note.body}
    </p>
  )
}

/** Disks have bars only while their bytes move. */
function showsDisks(job: Job): boolean {
  const { kind } = job.state
  return kind === 'copying' || kind === 'paused' || kind === 'finishing' || kind === 'cancelling'
}
