// Asks before the demo machine goes with everything that belongs to it.
import { type ReactElement, useState } from 'react'
import { Alert } from '../../design/alert.tsx'
import { useActions, useUiActions } from '../../state/window-state.tsx'

export function RemoveDemoAlert(): ReactElement {
  const actions = useActions()
  const ui = useUiActions()
  const [busy, setBusy] = useState(false)
  return (
    <Alert
      name="remove-demo"
      title="Remove the demo machine?"
      confirm="Remove Demo Machine"
      destructive
      busy={busy}
      onClose={ui.closeSheet}
      onConfirm={() => {
        setBusy(true)
        void actions.run('demo.remove', {}).then((removed) => {
          ui.closeSheet()
          if (removed !== null) ui.show({ kind: 'overview' })
        })
      }}
    >
      It is turned off and goes with its files and its restore points. Your own machines and backups are not touched.
    </Alert>
  )
}
