// Asks before a destination leaves the list. Its files stay.
import { type ReactElement, useState } from 'react'
import type { DestinationId } from '../../../../shared/domain/ids.ts'
import { Alert } from '../../design/alert.tsx'
import { useDestination } from '../../state/selectors.ts'
import { useActions, useUiActions } from '../../state/window-state.tsx'

export function ForgetDestinationAlert(props: { readonly destinationId: DestinationId }): ReactElement | null {
  const destination = useDestination(props.destinationId)
  const actions = useActions()
  const ui = useUiActions()
  const [busy, setBusy] = useState(false)
  if (destination === null) return null
  const points = destination.pointCount
  return (
    <Alert
      name="forget-destination"
      title={`Forget ${destination.name}?`}
      confirm={`Forget ${destination.name}`}
      destructive
      busy={busy}
      onClose={ui.closeSheet}
      onConfirm={() => {
        setBusy(true)
        void actions.run('destinations.remove', { destinationId: destination.id }).then((done) => {
          ui.closeSheet()
          if (done !== null) ui.show({ kind: 'overview' })
        })
      }}
    >
      {points === 0
        ? 'Floe no longer backs up there. The folder stays as it is.'
        : `Its ${points} restore ${points === 1 ? 'point leaves' : 'points leave'} the list, but all files stay in ${destination.path}. Add the folder again and they are back.`}
    </Alert>
  )
}
