// Pop-up menus: the list of actions behind a button, used by SplitButton, MenuButton and row menus.
import type { ReactElement, ReactNode, RefObject } from 'react'
import { Menu as AriaMenu, MenuItem, MenuTrigger, Popover } from 'react-aria-components'
import { classes } from './classes.ts'
import styles from './menu.module.css'

export interface MenuAction {
  readonly id: string
  readonly label: string
  readonly onAction: () => void
  /** Disables the item and shows below its name. */
  readonly disabledReason?: string | null
  readonly destructive?: boolean
  /** Shown at the right end, e.g. "⌘B". */
  readonly keys?: string
}

export interface MenuProps {
  /** Name of the menu for screen readers. */
  readonly label: string
  readonly actions: readonly MenuAction[]
  /** The button that opens it: a pressable component of React Aria. */
  readonly children: ReactElement
}

export function Menu({ label, actions, children }: MenuProps): ReactElement {
  return (
    <MenuTrigger>
      {children}
      <Popover className={styles.popover ?? ''} offset={4} placement="bottom end">
        <MenuList label={label} actions={actions} />
      </Popover>
    </MenuTrigger>
  )
}

export interface ContextMenuProps {
  readonly label: string
  readonly actions: readonly MenuAction[]
  /** The element it belongs to and opens under. */
  readonly triggerRef: RefObject<HTMLElement | null>
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
}

/** A menu for a row: open it on the row's `contextmenu` event, which right click, Shift+F10 and the menu key all send. */
export function ContextMenu({ label, actions, triggerRef, open, onOpenChange }: ContextMenuProps): ReactElement {
  return (
    <Popover
      className={styles.popover ?? ''}
      triggerRef={triggerRef}
      isOpen={open}
      onOpenChange={onOpenChange}
      offset={2}
      placement="bottom start"
    >
      <MenuList label={label} actions={actions} onDone={() => onOpenChange(false)} />
    </Popover>
  )
}

interface MenuListProps {
  readonly label: string
  readonly actions: readonly MenuAction[]
  readonly onDone?: () => void
}

function MenuList({ label, actions, onDone }: MenuListProps): ReactElement {
  return (
    <AriaMenu
      aria-label={label}
      autoFocus="first"
      className={styles.menu ?? ''}
      disabledKeys={actions.filter((action) => action.disabledReason != null).map((action) => action.id)}
      onAction={(key) => {
        onDone?.()
        actions.find((action) => action.id === key)?.onAction()
      }}
    >
      {actions.map((action) => (
        <MenuItem
          key={action.id}
          id={action.id}
          textValue={action.label}
          className={classes(styles.item, action.destructive && styles.destructive)}
        >
          <MenuText action={action} />
        </MenuItem>
      ))}
    </AriaMenu>
  )
}

function MenuText({ action }: { readonly action: MenuAction }): ReactNode {
  return (
    <>
      <span className={styles.label}>
        {action.label}
        {action.disabledReason == null ? null : <span className={styles.reason}>{action.disabledReason}</span>}
      </span>
      {action.keys === undefined ? null : <kbd className={styles.keys}>{action.keys}</kbd>}
    </>
  )
}
