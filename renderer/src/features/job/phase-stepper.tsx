// Prepared – Frozen – Copying – Checking – Recorded. A phase that was skipped says so (ux.md 4).
import { Fragment, type ReactElement } from 'react'
import type { Phase } from '../../../../shared/domain/job.ts'
import { phaseLabel } from '../../../../shared/text/job-words.ts'
import { classes } from '../../design/classes.ts'
import { CheckIcon, CircleIcon, CloseIcon, CurrentIcon } from '../../icons/icons.tsx'
import styles from './job-card.module.css'

const icons = { todo: CircleIcon, current: CurrentIcon, done: CheckIcon, skipped: CloseIcon } as const
const spoken = { todo: 'to do', current: 'now', done: 'done', skipped: 'skipped' } as const

export function PhaseStepper({ phases }: { readonly phases: readonly Phase[] }): ReactElement | null {
  if (phases.length === 0) return null
  return (
    <ol className={styles.phases} aria-label="Phases">
      {phases.map((phase, index) => {
        const PhaseIcon = icons[phase.state]
        return (
          <Fragment key={phase.name}>
            {index === 0 ? null : <li className={styles.connector} aria-hidden="true" />}
            <li
              className={classes(styles.phase, styles[`${phase.state}Phase`])}
              aria-current={phase.state === 'current' ? 'step' : undefined}
            >
              <PhaseIcon small />
              {phaseLabel(phase)}
              <span className="visually-hidden">{spoken[phase.state]}</span>
            </li>
          </Fragment>
        )
      })}
    </ol>
  )
}
