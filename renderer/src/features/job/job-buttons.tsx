// The buttons of a job card: what can be done with the job in its state (ux.md S3).
import type { ReactElement } from 'react'
import type { Job } from '../../../../shared/domain/job.ts'
import { formatRate, type Units } from '../../../../shared/format/bytes.ts'
import { wantsAgent } from '../../../../shared/text/job-words.ts'
import { Button } from '../../design/button.tsx'
import type { MenuAction } from '../../design/menu.tsx'
import { SplitButton } from '../../design/split-button.tsx'
import { PauseIcon, PlayIcon } from '../../icons/icons.tsx'
import { useBackUp } from '../../state/back-up.ts'
import { useFreeUpSpace } from '../../state/free-up-space.ts'
import { usePoint } from '../../state/selectors.ts'
import { useActions, useUiActions } from '../../state/window-state.tsx'

/** Copying for less than this is cancelled without a question (ux.md 3.1). */
export const askAfterSeconds = 10

/** Speed limits a menu offers, in bytes per second. */
export const speedLimits: readonly number[] = [10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000]

/** Is there something to lose, so that cancelling asks first? */
export function cancelAsks(job: Job, now: number): boolean {
  const { kind } = job.state
  if (kind === 'holding') return true
  if (kind === 'queued' || kind === 'waiting' || kind === 'preparing' || job.startedAt === null) return false
  return kind === 'paused' || now - Date.parse(job.startedAt) >= askAfterSeconds * 1000
}

export interface JobButtonsProps {
  readonly job: Job
  readonly now: number
  readonly units: Units
  /** Set while the card says that nothing moves: takes that warning away. */
  readonly onKeepWaiting: (() => void) | null
}

export function JobButtons({ job, now, units, onKeepWaiting }: JobButtonsProps): ReactElement | null {
  const actions = useActions()
  const ui = useUiActions()
  const jobId = job.id
  const freeUpSpace = useFreeUpSpace(job.machineId, job.destinationId)
  const asks = cancelAsks(job, now)
  const cancel = () => {
    if (asks) ui.openSheet({ kind: 'cancel-job', jobId })
    else void actions.run('jobs.cancel', { jobId })
  }
  const cancelButton = (label = asks ? 'Cancel…' : 'Cancel') =>
    job.canCancel ? (
      <Button size="small" onPress={cancel}>
        {label}
      </Button>
    ) : null
  const resumeButton = (
    <Button size="small" icon={<PlayIcon small />} onPress={() => void actions.run('jobs.resume', { jobId })}>
      Resume
    </Button>
  )

  switch (job.state.kind) {
    case 'queued':
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
    case 'waiting':
      return <WaitingButtons job={job} />
    case 'freezing':
    case 'cancelling':
    case 'failed':
      return null
    case 'holding':
      return cancelButton('End Export…')
    case 'done':
      return <DoneButtons job={job} />
    case 'cancelled':
      return <CancelledButtons job={job} />
    case 'paused':
      // While the computer wakes up, the job goes on by itself (ux.md S3).
      if (job.state.reason === 'asleep') return null
      return job.state.reason === 'no-space' ? (
        <>
          {cancelButton()}
          {resumeButton}
          {freeUpSpace === null ? null : (
            <Button size="small" variant="primary" onPress={freeUpSpace}>
              Free Up Space…
            </Button>
          )}
        </>
      ) : (
        <>
          {resumeButton}
          {cancelButton()}
        </>
      )
    case 'checking':
      return (
        <>
          {job.kind === 'backup' ? (
            <Button size="small" onPress={() => void actions.run('jobs.skipCheck', { jobId })}>
              Skip Check
            </Button>
          ) : null}
          {cancelButton()}
        </>
      )
    case 'copying':
      if (onKeepWaiting !== null) {
        return (
          <>
            {cancelButton()}
            <Button size="small" variant="primary" onPress={onKeepWaiting}>
              Keep Waiting
            </Button>
          </>
        )
      }
      return (
        <>
          {job.canPause ? (
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
          {cancelButton()}
        </>
      )
    default:
      return cancelButton()
  }
}

/** A backup that waits can be skipped, or made elsewhere instead. */
function WaitingButtons({ job }: { readonly job: Job }): ReactElement {
  const actions = useActions()
  const ui = useUiActions()
  const { id: jobId, machineId } = job
  const skip = () => actions.run('jobs.cancel', { jobId })
  const elsewhere = job.state.kind === 'waiting' && job.state.for === 'destination' ? machineId : null
  return (
    <>
      {elsewhere === null ? null : (
        <Button
          size="small"
          onPress={() => {
            void skip().then((skipped) => {
              if (skipped !== null) ui.openSheet({ kind: 'back-up-options', machineId: elsewhere })
            })
          }}
        >
          Choose Another…
        </Button>
      )}
      {job.canCancel ? (
        <Button size="small" onPress={() => void skip()}>
          Skip
        </Button>
      ) : null}
    </>
  )
}

function DoneButtons({ job }: { readonly job: Job }): ReactElement | null {
  const ui = useUiActions()
  const point = usePoint(job.result?.pointId ?? null)
  const { machineId } = job
  if (job.kind !== 'backup') return null
  return (
    <>
      {point === null ? null : (
        <Button size="small" onPress={() => ui.selectPoints([point.id])}>
          Show
        </Button>
      )}
      {wantsAgent(job) && machineId !== null ? (
        <Button size="small" onPress={() => ui.openSheet({ kind: 'set-up-agent', machineId })}>
          Set Up Agent…
        </Button>
      ) : null}
    </>
  )
}

function CancelledButtons({ job }: { readonly job: Job }): ReactElement | null {
  const backUp = useBackUp(job.machineId)
  return job.kind === 'backup' ? (
    <Button size="small" onPress={() => backUp()}>
      Back Up Now
    </Button>
  ) : null
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
