// A small label with a soft ground, e.g. "Full" or "Demo".
import type { ReactElement, ReactNode } from 'react'
import styles from './chip.module.css'
import { classes } from './classes.ts'

export type Tone = 'plain' | 'ok' | 'warning' | 'problem' | 'accent'

export interface ChipProps {
  readonly children: ReactNode
  readonly tone?: Tone
  readonly icon?: ReactNode
}

export function Chip({ children, tone = 'plain', icon }: ChipProps): ReactElement {
  return (
    <span className={classes(styles.chip, styles[tone])}>
      {icon}
      {children}
    </span>
  )
}
