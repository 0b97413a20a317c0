// The small ring that fills while a job runs; the number beside it carries the words.
import type { ReactElement } from 'react'
import styles from './ring.module.css'

const circumference = 35.2

export interface RingProps {
  /** 0..1 */
  readonly fraction: number
}

export function Ring({ fraction }: RingProps): ReactElement {
  return (
    <svg className={styles.ring} width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
      <circle className={styles.track} cx="8" cy="8" r="5.6" />
      <circle
        className={styles.value}
        cx="8"
        cy="8"
        r="5.6"
        strokeDasharray={`${circumference * Math.min(1, Math.max(0, fraction))} 99`}
        transform="rotate(-90 8 8)"
      />
    </svg>
  )
}
