// One row of the sidebar's tree.
import type { ReactElement, ReactNode, Ref } from 'react'
import { classes } from '../../design/classes.ts'
import styles from './sidebar.module.css'

export interface SideRowProps {
  readonly icon: ReactNode
  readonly label: string
  /** Said after the label by screen readers; the trailing item is hidden from them. */
  readonly spoken?: string | null
  readonly trailing?: ReactNode
  readonly selected?: boolean
  readonly expanded?: boolean
  /** Grey: off, offline or not a machine of ours. */
  readonly quiet?: boolean
  /** An action instead of a page: arrow keys only move onto it. */
  readonly action?: boolean
  /** Reachable by Tab although it is not selected. */
  readonly tabStop?: boolean
  readonly onOpen: () => void
  /** Right click, Shift+F10 or the menu key. */
  readonly onContextMenu?: () => void
  readonly ref?: Ref<HTMLDivElement>
  readonly testId: string
}

export function SideRow(props: SideRowProps): ReactElement {
  const { label, spoken = null, selected = false, quiet, action, expanded, testId, onOpen } = props
  return (
    <div
      ref={props.ref}
      role="treeitem"
      tabIndex={selected || props.tabStop ? 0 : -1}
      aria-selected={selected}
      aria-expanded={expanded}
      aria-label={spoken === null ? label : `${label}, ${spoken}`}
      data-testid={testId}
      data-action={action || expanded !== undefined ? true : undefined}
      data-pane-start={selected || props.tabStop ? true : undefined}
      className={classes(styles.row, selected && styles.selected, quiet && styles.quiet)}
      onClick={onOpen}
      onContextMenu={(event) => {
        if (props.onContextMenu === undefined) return
        event.preventDefault()
        props.onContextMenu()
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return
        event.preventDefault()
        onOpen()
      }}
    >
      {props.icon}
      <bdi className={styles.label}>{label}</bdi>
      {props.trailing}
    </div>
  )
}
