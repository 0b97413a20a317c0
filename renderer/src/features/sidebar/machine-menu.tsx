// What a machine's row offers on right click: its page, its socket, a backup with options, leaving the list.
import type { ReactElement, RefObject } from 'react'
import type { Machine } from '../../../../shared/domain/machine.ts'
import { whyNoBackup } from '../../../../shared/text/machine-words.ts'
import { ContextMenu, type MenuAction } from '../../design/menu.tsx'
import { usePoints } from '../../state/selectors.ts'
import { useUiActions } from '../../state/window-state.tsx'

export interface MachineMenuProps {
  readonly machine: Machine
  readonly triggerRef: RefObject<HTMLElement | null>
  readonly open: boolean
  readonly onOpenChange: (open: boolean) => void
}

export function MachineMenu({ machine, ...menu }: MachineMenuProps): ReactElement {
  const ui = useUiActions()
  const { endpoint, id } = machine
  const backUp: MenuAction = {
    id: 'back-up',
    label: 'Back Up With Options…',
    disabledReason: whyNoBackup(machine),
    onAction: () => ui.openSheet({ kind: 'back-up-options', machineId: id }),
  }
  const copySocket: MenuAction = {
    id: 'copy-socket',
    label: 'Copy Socket Path',
    onAction: () => {
      if (endpoint?.kind === 'unix') void navigator.clipboard.writeText(endpoint.path)
    },
  }
  const retention: MenuAction = {
    id: 'retention',
    label: 'Retention…',
    disabledReason: usePoints(id).length === 0 ? 'There are no restore points yet' : null,
    onAction: () => ui.openSheet({ kind: 'retention', machineId: id, destinationId: null }),
  }
  const remove: MenuAction = {
    id: 'remove',
    label: 'Remove from List…',
    destructive: true,
    onAction: () => ui.openSheet({ kind: 'remove-machine', machineId: id }),
  }
  const actions = [
    ...(machine.state.kind === 'not-qemu' ? [] : [backUp, retention]),
    ...(endpoint?.kind === 'unix' ? [copySocket] : []),
    ...(machine.origin === 'demo' ? [] : [remove]),
  ]
  return <ContextMenu label={machine.name} actions={actions} {...menu} />
}
