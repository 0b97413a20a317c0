// How full a destination is: backups, other files, free space; the legend says it in words.
import type { ReactElement } from 'react'
import styles from './capacity-bar.module.css'
import { classes } from './classes.ts'

export interface CapacityBarProps {
  /** In bytes. */
  readonly total: number
  readonly backups: number
  readonly other: number
  /** The sentence a screen reader gets, e.g. "412 GB free of 1 TB". */
  readonly valueText: string
  readonly tone?: 'plain' | 'warning' | 'problem'
}

export function CapacityBar({ total, backups, other, valueText, tone = 'plain' }: CapacityBarProps): ReactElement {
  const share = (bytes: number): string => `${total === 0 ? 0 : Math.min(100, (bytes / total) * 100)}%`
  return (
    <div className={classes(styles.bar, styles[tone])} role="img" aria-label={valueText}>
      <div className={styles.backups} style={{ width: share(backups) }} />
      <div className={styles.other} style={{ width: share(other) }} />
    </div>
  )
}
