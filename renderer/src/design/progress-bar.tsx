// A bar from 0 to 1 with words for screen readers. It moves linearly and never by itself.
import type { ReactElement } from 'react'
import { classes } from './classes.ts'
import styles from './progress-bar.module.css'

export interface ProgressBarProps {
  /** Name, e.g. "Backup of debian-dev". */
  readonly label: string
  /** 0..1; null while the amount is unknown. */
  readonly fraction: number | null
  /** What a screen reader says instead of the bare number. */
  readonly valueText: string
  readonly tone?: 'accent' | 'ok' | 'problem'
  /** 4 px instead of 6 px, for one disk of several. */
  readonly thin?: boolean
}

export function ProgressBar({ label, fraction, valueText, tone = 'accent', thin }: ProgressBarProps): ReactElement {
  const percent = fraction === null ? null : Math.floor(Math.min(1, Math.max(0, fraction)) * 1000) / 10
  return (
    <div
      className={classes(styles.bar, styles[tone], thin && styles.thin)}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent === null ? undefined : Math.floor(percent)}
      aria-valuetext={valueText}
    >
      <div className={styles.fill} style={{ width: `${percent ?? 0}%` }} />
    </div>
  )
}
