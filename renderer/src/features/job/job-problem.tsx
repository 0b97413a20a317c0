// The end of a failed job's card: the buttons that help, and "Show Details" with everything the system said.
import { type ReactElement, useState } from 'react'
import type { Job } from '../../../../shared/domain/job.ts'
import type { Machine } from '../../../../shared/domain/machine.ts'
import type { Problem } from '../../../../shared/errors/problem.ts'
import { backedUpDisks } from '../../../../shared/text/machine-words.ts'
import { type ProblemText, problemDetails } from '../../../../shared/text/problems.ts'
import { Button } from '../../design/button.tsx'
import { CodeBlock } from '../../design/code-block.tsx'
import { type BackUpChange, useBackUp } from '../../state/back-up.ts'
import { type ProblemHandlers, useProblemHandlers } from '../../state/problem-actions.ts'
import { useMachine, usePoints } from '../../state/selectors.ts'
import { useUiActions } from '../../state/window-state.tsx'
import styles from './job-card.module.css'

/** What the buttons of a failed job's problem do; an action without a handler is not offered. */
function useHandlers(job: Job, problem: Problem): ProblemHandlers {
  const ui = useUiActions()
  const machine = useMachine(job.machineId)
  const backup = job.kind === 'backup' ? backupOf(job, machine) : null
  const handlers = useProblemHandlers({ problem, machineId: job.machineId, backup })
  const backUp = useBackUp(job.machineId)
  const newest = usePoints(job.machineId)[0]
  const { pointId, restoreId } = job
  const again =
    job.kind === 'backup'
      ? () => backUp()
      : job.kind === 'undo' && restoreId !== null
        ? () => ui.openSheet({ kind: 'undo-restore', restoreId })
        : (job.kind === 'swap' || job.kind === 'restore') && pointId !== null
          ? () => ui.openSheet({ kind: 'restore', pointId })
          : job.kind === 'verify' && pointId !== null
            ? () => ui.openSheet({ kind: 'verify', pointIds: [pointId] })
            : undefined
  return {
    ...handlers,
    ...(again === undefined ? {} : { 'try-again': again, 'back-up-again': again }),
    ...(newest === undefined
      ? {}
      : { 'verify-last-point': () => ui.openSheet({ kind: 'verify', pointIds: [newest.id] }) }),
    ...(pointId === null || (job.kind !== 'swap' && job.kind !== 'restore')
      ? {}
      : {
          'restore-to-new-image': () => ui.openSheet({ kind: 'restore', pointId }),
          'restore-elsewhere': () => ui.openSheet({ kind: 'restore', pointId }),
        }),
  }
}

/** The failed backup's own choices: its destination, its limit, and its disks when it left some out. */
function backupOf(job: Job, machine: Machine | null): BackUpChange {
  const ids = job.disks.map((disk) => disk.diskId)
  const usual = machine === null ? [] : backedUpDisks(machine).map((disk) => disk.id)
  const some = ids.length > 0 && usual.some((id) => !ids.includes(id))
  return {
    destinationId: job.destinationId,
    limit: job.limit,
    ...(some ? { diskIds: ids } : {}),
  }
}

export interface ProblemButtonsProps {
  readonly job: Job
  readonly problem: Problem
  readonly text: ProblemText
}

export function ProblemButtons({ job, problem, text }: ProblemButtonsProps): ReactElement {
  const handlers = useHandlers(job, problem)
  return (
    <>
      {text.actions.map((action) => {
        const handler = handlers[action.kind]
        return handler === undefined ? null : (
          <Button
            key={action.kind}
            size="small"
            variant={action.primary ? 'primary' : 'default'}
            onPress={() => handler()}
          >
            {action.label}
          </Button>
        )
      })}
    </>
  )
}

export function ProblemDetails({ problem }: { readonly problem: Problem }): ReactElement {
  const [open, setOpen] = useState(false)
  return (
    <div className={styles.details}>
      <Button variant="plain" size="small" onPress={() => setOpen(!open)}>
        {open ? 'Hide Details' : 'Show Details'}
      </Button>
      {open ? <CodeBlock code={problemDetails(problem)} label="the details" wrap /> : null}
    </div>
  )
}
