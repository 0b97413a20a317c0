// What a page shows when there is nothing yet: what it is, why it is empty, what to do.
import type { ReactElement, ReactNode } from 'react'
import type { Icon } from '../icons/icons.tsx'
import styles from './empty-state.module.css'

export interface EmptyStateProps {
  /** The test id becomes `empty-{name}`. */
  readonly name: string
  readonly icon: Icon
  readonly title: string
  readonly children?: ReactNode
  /** Buttons, the primary one first. */
  readonly actions?: ReactNode
  /** Below the buttons: other ways on, in a column as wide as the text. */
  readonly footer?: ReactNode
}

export function EmptyState({ name, icon: PageIcon, title, children, actions, footer }: EmptyStateProps): ReactElement {
  return (
    <div className={styles.empty} data-testid={`empty-${name}`}>
      <div className={styles.tile}>
        <PageIcon size={40} />
      </div>
      <h2 className={styles.title}>{title}</h2>
      {children === undefined ? null : <div className={styles.text}>{children}</div>}
      {actions === undefined ? null : <div className={styles.actions}>{actions}</div>}
      {footer === undefined ? null : <div className={styles.footer}>{footer}</div>}
    </div>
  )
}
