// A rounded panel inside a page: plain, live (a job runs) or problem.
import type { ReactElement, ReactNode } from 'react'
import styles from './card.module.css'
import { classes } from './classes.ts'

export interface CardProps {
  readonly children: ReactNode
  readonly tone?: 'plain' | 'live' | 'problem'
  /** Makes it a named group, e.g. "Backup of debian-dev". */
  readonly label?: string
  readonly testId?: string
}

export function Card({ children, tone = 'plain', label, testId }: CardProps): ReactElement {
  return (
    <section className={classes(styles.card, styles[tone])} aria-label={label} data-testid={testId}>
      {children}
    </section>
  )
}
