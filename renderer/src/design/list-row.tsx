// Rows of a sheet's or a page's list: icon, title with a second line, buttons at the end.
import type { ReactElement, ReactNode } from 'react'
import type { Tone } from './chip.tsx'
import { classes } from './classes.ts'
import styles from './list-row.module.css'

/** The frame around rows; `label` names the list. */
export function List({ label, children }: { readonly label: string; readonly children: ReactNode }): ReactElement {
  return (
    <ul className={styles.list} aria-label={label}>
      {children}
    </ul>
  )
}

export interface ListRowProps {
  readonly icon?: ReactNode
  /** Colours the icon. */
  readonly tone?: Tone
  readonly title: ReactNode
  readonly detail?: ReactNode
  /** Buttons or a value at the right end. */
  readonly trailing?: ReactNode
  readonly testId?: string
}

export function ListRow({ icon, tone = 'plain', title, detail, trailing, testId }: ListRowProps): ReactElement {
  return (
    <li className={styles.row} data-testid={testId}>
      {icon === undefined ? null : <span className={classes(styles.icon, styles[tone])}>{icon}</span>}
      <div className={styles.text}>
        <div className={styles.title}>{title}</div>
        {detail === undefined || detail === null ? null : <div className={styles.detail}>{detail}</div>}
      </div>
      {trailing}
    </li>
  )
}
