// The Add menu at the foot of the sidebar.
import type { ReactElement } from 'react'
import { Button as AriaButton } from 'react-aria-components'
import { Menu } from '../../design/menu.tsx'
import { PlusIcon } from '../../icons/icons.tsx'
import { useUiActions } from '../../state/window-state.tsx'
import styles from './sidebar.module.css'

export function AddMenu(): ReactElement {
  const ui = useUiActions()
  return (
    <Menu
      label="Add"
      actions={[
        {
          id: 'machine',
          label: 'Add Machine…',
          onAction: () => ui.openSheet({ kind: 'add-machine', path: null }),
        },
        {
          id: 'destination',
          label: 'Add Destination…',
          onAction: () => ui.openSheet({ kind: 'add-destination', path: null }),
        },
        { id: 'settings', label: 'Settings…', onAction: () => ui.openSheet({ kind: 'settings' }) },
      ]}
    >
      <AriaButton className={styles.add ?? ''} data-testid="side-add">
        <PlusIcon small /> Add
      </AriaButton>
    </Menu>
  )
}
