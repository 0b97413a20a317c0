// An icon and a word that tell a state together: colour never speaks alone.
import type { ReactElement, ReactNode } from 'react'
import styles from './chip.module.css'
import type { Tone } from './chip.tsx'
import { classes } from './classes.ts'

export interface StatusTextProps {
  readonly children: ReactNode
  readonly icon: ReactNode
  readonly tone?: Tone
}

export function StatusText({ children, icon, tone = 'plain' }: StatusTextProps): ReactElement {
  return (
    <span className={classes(styles.status, styles[`${tone}Text`])}>
      {icon}
      <span className={styles.words}>{children}</span>
    </span>
  )
}

/** The coloured dot before a state's word, e.g. green before "Running". */
export function StateDot({ tone }: { readonly tone: 'ok' | 'warning' | 'problem' | 'off' }): ReactElement {
  return <span className={classes(styles.dot, styles[`${tone}Dot`])} aria-hidden="true" />
}
