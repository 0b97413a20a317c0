// The icon before a job card's title: shape and colour say its state, the title says it in words.
import type { ReactElement } from 'react'
import type { Job } from '../../../../shared/domain/job.ts'
import type { JobWords } from '../../../../shared/text/job-words.ts'
import { classes } from '../../design/classes.ts'
import {
  CheckCircleIcon,
  ClockIcon,
  DriveIcon,
  PauseIcon,
  ProblemIcon,
  RestoreIcon,
  SnowflakeIcon,
} from '../../icons/icons.tsx'
import styles from './job-card.module.css'

export function JobIcon({ job, tone }: { readonly job: Job; readonly tone: JobWords['tone'] }): ReactElement {
  const icon =
    tone === 'problem' ? (
      <ProblemIcon />
    ) : tone === 'done' ? (
      <CheckCircleIcon />
    ) : job.state.kind === 'queued' || job.state.kind === 'waiting' ? (
      <ClockIcon />
    ) : job.state.kind === 'paused' ? (
      <PauseIcon />
    ) : job.state.kind === 'freezing' ? (
      <SnowflakeIcon />
    ) : job.kind === 'swap' || job.kind === 'restore' || job.kind === 'undo' ? (
      <RestoreIcon />
    ) : (
      <DriveIcon />
    )
  return <span className={classes(styles.icon, styles[tone])}>{icon}</span>
}
