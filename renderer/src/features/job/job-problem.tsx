// The end of a failed job's card: the buttons that help, and "Show Details" with everything the system said.
import { type ReactElement, useState } from 'react'
import type { Job } from '../../../../shared/domain/job.ts'
import type { Problem } from '../../../../shared/errors/problem.ts'
import { type ProblemActionKind, type ProblemText, problemDetails } from '../../../../shared/text/problems.ts'
import { Button } from '../../design/button.tsx'
import { CodeBlock } from '../../design/code-block.tsx'
import { useBackUp } from '../../state/back-up.ts'
import { usePoints } from '../../state/selectors.ts'
import { useUiActions } from '../../state/window-state.tsx'
import styles from './job-card.module.css'

/** What the buttons of a problem do here; an action without a handler is not offered. */
export function useProblemHandlers(job: Job): Partial<Record<ProblemActionKind, () => void>> {
  const ui = useUiActions()
  const backUp = useBackUp(job.machineId)
  const newest = usePoints(job.machineId)[0]
  const { machineId, pointId, restoreId } = job
  const again =
    job.kind === 'backup'
      ? backUp
      : job.kind === 'undo' && restoreId !== null
        ? () => ui.openSheet({ kind: 'undo-restore', restoreId })
        : (job.kind === 'swap' || job.kind === 'restore') && pointId !== null
          ? () => ui.openSheet({ kind: 'restore', pointId })
          : job.kind === 'verify' && pointId !== null
            ? () => ui.openSheet({ kind: 'verify', pointIds: [pointId] })
            : undefined
  const options = machineId === null ? undefined : () => ui.openSheet({ kind: 'back-up-options', machineId })
  return {
    ...(again === undefined ? {} : { 'try-again': again, 'back-up-again': again }),
    ...(options === undefined ? {} : { 'choose-destination': options, 'choose-disks': options }),
    'add-destination': () => ui.openSheet({ kind: 'add-destination', path: null }),
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

export function ProblemButtons({ job, text }: { readonly job: Job; readonly text: ProblemText }): ReactElement {
  const handlers = useProblemHandlers(job)
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
