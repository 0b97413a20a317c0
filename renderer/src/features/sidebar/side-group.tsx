// A named group of the sidebar's tree; a place to drop things on.
import type { DragEvent, ReactElement, ReactNode } from 'react'
import styles from './sidebar.module.css'

export interface SideGroupProps {
  readonly label: string
  readonly children: ReactNode
  /** Something that can be dropped here is over it. */
  readonly dropping?: boolean
  readonly onDragOver?: (event: DragEvent) => void
  readonly onDragLeave?: () => void
  readonly onDrop?: (event: DragEvent) => void
}

export function SideGroup({ label, children, dropping, ...drop }: SideGroupProps): ReactElement {
  // A group of tree items: HTML has no element of its own for it.
  const group = { role: 'group', 'aria-label': label }
  return (
    <div {...group} data-dropping={dropping} className={styles.group} {...drop}>
      {children}
    </div>
  )
}
