// The last question before points go. What it removes is exactly what the preview shows, or nothing.
import { type ReactElement, useState } from 'react'
import type { Destination } from '../../../../shared/domain/destination.ts'
import type { Machine } from '../../../../shared/domain/machine.ts'
import type { RetentionPolicy, RetentionPreview } from '../../../../shared/domain/retention.ts'
import type { Problem } from '../../../../shared/errors/problem.ts'
import { formatBytes, type Units } from '../../../../shared/format/bytes.ts'
import { deleteButton } from '../../../../shared/text/point-words.ts'
import { Alert } from '../../design/alert.tsx'
import { useActions, useUiActions } from '../../state/window-state.tsx'

export interface PruneAlertProps {
  readonly machine: Machine
  readonly destination: Destination
  readonly policy: RetentionPolicy
  readonly preview: RetentionPreview
  readonly units: Units
  readonly onClose: () => void
  readonly onRefused: (problem: Problem) => void
}

export function PruneAlert(props: PruneAlertProps): ReactElement {
  const { machine, destination, policy, preview, units } = props
  const actions = useActions()
  const ui = useUiActions()
  const [busy, setBusy] = useState(false)
  const count = preview.remove.length
  const prune = async () => {
    setBusy(true)
    const expected = preview.remove.map((one) => one.pointId)
    const input = { machineId: machine.id, destinationId: destination.id, policy, expected }
    const result = await actions.ask('points.prune', input)
    setBusy(false)
    if (!result.ok) return props.onRefused(result.problem)
    ui.selectPoints([])
    ui.closeSheet()
  }
  return (
    <Alert
      name="prune"
      title={`Remove ${count === 1 ? '1 restore point' : `${count} restore points`} of ${machine.name}?`}
      confirm={deleteButton(count, preview.freedBytes, units)}
      destructive
      busy={busy}
      onClose={props.onClose}
      onConfirm={() => void prune()}
    >
      {`${preview.keep.length} stay on ${destination.name}; ${formatBytes(preview.freedBytes, units)} becomes free. Removed restore points can’t be brought back.`}
    </Alert>
  )
}
