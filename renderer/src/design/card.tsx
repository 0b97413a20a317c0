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
  const look = classes(styles.card, styles[tone])
  // A fieldset is the element whose role is "group".
  return label === undefined ? (
    <div className={look} data-testid={testId}>
      {children}
    </div>
  ) : (
    <fieldset className={look} aria-label={label} data-testid={testId}>
      {children}
    </fieldset>
  )
}
