// A line across the page that says what is wrong and offers what to do.
import type { ReactElement, ReactNode } from 'react'
import { CheckCircleIcon, InfoIcon, ProblemIcon, WarningIcon } from '../icons/icons.tsx'
import styles from './banner.module.css'
import { classes } from './classes.ts'

export interface BannerProps {
  /** Problem code or name; the test id becomes `banner-{code}`. */
  readonly code: string
  /** `alarm`: the loudest, for a guest in danger. */
  readonly tone: 'info' | 'ok' | 'warning' | 'problem' | 'alarm'
  readonly title: string
  readonly children?: ReactNode
  /** Small buttons, the fix last. */
  readonly actions?: ReactNode
}

const icons = {
  info: InfoIcon,
  ok: CheckCircleIcon,
  warning: WarningIcon,
  problem: ProblemIcon,
  alarm: ProblemIcon,
} as const

export function Banner({ code, tone, title, children, actions }: BannerProps): ReactElement {
  const ToneIcon = icons[tone]
  return (
    <div
      className={classes(styles.banner, styles[tone])}
      role={tone === 'problem' || tone === 'alarm' ? 'alert' : 'status'}
      data-testid={`banner-${code}`}
    >
      <span className={styles.icon}>
        <ToneIcon />
      </span>
      <div className={styles.text}>
        <strong className={styles.title}>{title}</strong>
        {children === undefined || children === null ? null : <div className={styles.body}>{children}</div>}
      </div>
      {actions === undefined ? null : <div className={styles.actions}>{actions}</div>}
    </div>
  )
}
