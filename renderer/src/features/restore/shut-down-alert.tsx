// Shutting a guest down has its own question: programs inside it end. Floe presses the power button, it never kills.
import { type ReactElement, useState } from 'react'
import type { Machine } from '../../../../shared/domain/machine.ts'
import { Alert } from '../../design/alert.tsx'
import { useActions } from '../../state/window-state.tsx'

export interface ShutDownAlertProps {
  readonly machine: Machine
  readonly onClose: () => void
  /** The power button was pressed. */
  readonly onPressed: () => void
}

export function ShutDownAlert({ machine, onClose, onPressed }: ShutDownAlertProps): ReactElement {
  const actions = useActions()
  const [busy, setBusy] = useState(false)
  return (
    <Alert
      name="shut-down-guest"
      title={`Shut down ${machine.name}?`}
      confirm="Shut Down Guest"
      busy={busy}
      onClose={onClose}
      onConfirm={() => {
        setBusy(true)
        void actions.run('machines.shutDownGuest', { machineId: machine.id }).then((answer) => {
          setBusy(false)
          if (answer !== null) onPressed()
          onClose()
        })
      }}
    >
      Floe presses the guest’s power button, and the guest decides how to shut down. Save open work in it first.
    </Alert>
  )
}
