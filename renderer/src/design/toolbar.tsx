// The 52 px bar at the top of a column. On macOS it is also the title bar: it drags the window.
import type { ReactElement, ReactNode } from 'react'
import styles from './toolbar.module.css'

export interface ToolbarProps {
  readonly title: string
  /** The page's state in words, e.g. "Running for 3 days · QEMU 7.2.22, HVF". */
  readonly subtitle?: ReactNode
  /** Before the title, e.g. the button that brings the sidebar back. */
  readonly leading?: ReactNode
  /** Buttons, then the search field. */
  readonly children?: ReactNode
}

export function Toolbar({ title, subtitle, leading, children }: ToolbarProps): ReactElement {
  return (
    <header className={styles.toolbar} data-drag>
      {leading}
      <div className={styles.text}>
        <h1 className={styles.title} tabIndex={-1}>
          {title}
        </h1>
        {subtitle === undefined ? null : <div className={styles.subtitle}>{subtitle}</div>}
      </div>
      <div className={styles.items} data-no-drag>
        {children}
      </div>
    </header>
  )
}
