// Asks before a machine leaves the list. Its images and its backups stay.
import { type ReactElement, useState } from 'react'
import type { MachineId } from '../../../../shared/domain/ids.ts'
import { Alert } from '../../design/alert.tsx'
import { useMachine } from '../../state/selectors.ts'
import { useActions, useUiActions } from '../../state/window-state.tsx'

export function RemoveMachineAlert({ machineId }: { readonly machineId: MachineId }): ReactElement | null {
  const machine = useMachine(machineId)
  const actions = useActions()
  const ui = useUiActions()
  const [busy, setBusy] = useState(false)
  if (machine === null) return null
  return (
    <Alert
      name="remove-machine"
      title={`Remove ${machine.name} from the list?`}
      confirm="Remove from List"
      destructive
      busy={busy}
      onClose={ui.closeSheet}
      onConfirm={() => {
        setBusy(true)
        void actions.run('machines.remove', { machineId }).then((done) => {
          ui.closeSheet()
          if (done !== null) ui.show({ kind: 'overview' })
        })
      }}
    >
      The machine itself, its images and its restore points are not touched. If it runs with a QMP socket, it is found
      again.
    </Alert>
  )
}
