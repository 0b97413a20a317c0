// The buttons of a job card: what can be done with the job in its state (ux.md S3).
import type { ReactElement } from 'react'
import type { Job } from '../../../../shared/domain/job.ts'
import { formatRate, type Units } from '../../../../shared/format/bytes.ts'
import { isActive } from '../../../../shared/text/job-words.ts'
import { Button } from '../../design/button.tsx'
import type { MenuAction } from '../../design/menu.tsx'
import { SplitButton } from '../../design/split-button.tsx'
import { PauseIcon, PlayIcon } from '../../icons/icons.tsx'
import { useActions, useUiActions } from '../../state/window-state.tsx'

/** Copying for less than this is cancelled without a question (ux.md 3.1). */
export const askAfterSeconds = 10

/** Speed limits a menu offers, in bytes per second. */
export const speedLimits: readonly number[] = [10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000]

export function cancelAsks(job: Job, now: number): boolean {
  if (job.state.kind === 'queued' || job.state.kind === 'preparing' || job.startedAt === null) return false
  return job.state.kind === 'paused' || now - Date.parse(job.startedAt) >= askAfterSeconds * 1000
}

export interface JobButtonsProps {
  readonly job: Job
  readonly now: number
  readonly units: Units
}

export function JobButtons({ job, now, units }: JobButtonsProps): ReactElement | null {
  const actions = useActions()
  const ui = useUiActions()
  const jobId = job.id
  const asks = cancelAsks(job, now)
  const cancel = () => {
    if (asks) ui.openSheet({ kind: 'cancel-job', jobId })
    else void actions.run('jobs.cancel', { jobId })
  }

  if (job.state.kind === 'queued') {
    return (
      <>
        <Button size="small" onPress={() => void actions.run('jobs.startNow', { jobId })}>
          Start Now
        </Button>
        <Button size="small" onPress={cancel}>
          Remove
        </Button>
      </>
    )
  }
  if (!isActive(job.state)) return null
  return (
    <>
      {job.state.kind === 'checking' && job.kind === 'backup' ? (
        <Button size="small" onPress={() => void actions.run('jobs.skipCheck', { jobId })}>
          Skip Check
        </Button>
      ) : null}
      {job.state.kind === 'paused' ? (
        <Button size="small" icon={<PlayIcon small />} onPress={() => void actions.run('jobs.resume', { jobId })}>
          Resume
        </Button>
      ) : null}
      {job.canPause && job.state.kind === 'copying' ? (
        <SplitButton
          size="small"
          icon={<PauseIcon small />}
          menuLabel="Speed limit"
          actions={limitActions(job, units, (limit) => void actions.run('jobs.setLimit', { jobId, limit }))}
          onPress={() => void actions.run('jobs.pause', { jobId })}
        >
          Pause
        </SplitButton>
      ) : null}
      {job.canCancel && job.state.kind !== 'cancelling' ? (
        <Button size="small" onPress={cancel}>
          {asks ? 'Cancel…' : 'Cancel'}
        </Button>
      ) : null}
    </>
  )
}

/** Menu items that set the speed limit; the one in force says so. */
export function limitActions(job: Job, units: Units, set: (limit: number | null) => void): readonly MenuAction[] {
  const mark = (limit: number | null) => (job.limit === limit ? ' (now)' : '')
  return [
    { id: 'none', label: `No Speed Limit${mark(null)}`, onAction: () => set(null) },
    ...speedLimits.map((limit) => ({
      id: String(limit),
      label: `At Most ${formatRate(limit, units)}${mark(limit)}`,
      onAction: () => set(limit),
    })),
  ]
}
