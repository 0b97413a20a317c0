// Where to. A place that is not there now can be chosen: the backup then starts when it is.
import type { ReactElement } from 'react'
import type { Destination } from '../../../../shared/domain/destination.ts'
import type { DestinationId } from '../../../../shared/domain/ids.ts'
import { formatBytes, type Units } from '../../../../shared/format/bytes.ts'
import { Button } from '../../design/button.tsx'
import { Select } from '../../design/select.tsx'
import { useUiActions } from '../../state/window-state.tsx'

export interface DestinationChoiceProps {
  readonly destinations: readonly Destination[]
  readonly chosen: DestinationId | null
  readonly focused: boolean
  readonly units: Units
  readonly onChange: (chosen: DestinationId) => void
}

export function DestinationChoice(props: DestinationChoiceProps): ReactElement {
  const { destinations, units } = props
  const ui = useUiActions()
  if (destinations.length === 0) {
    return (
      <Button autoFocus={props.focused} onPress={() => ui.openSheet({ kind: 'add-destination', path: null })}>
        Add Destination…
      </Button>
    )
  }
  return (
    <Select
      label="Destination"
      hideLabel
      autoFocus={props.focused}
      value={props.chosen}
      onChange={props.onChange}
      choices={destinations.map((one) => ({
        value: one.id,
        label: labelOf(one, units),
        disabledReason:
          one.state.kind === 'read-only' || one.state.kind === 'no-permission' ? 'Floe can’t write there' : null,
      }))}
    />
  )
}

function labelOf({ name, state, freeBytes }: Destination, units: Units): string {
  if (state.kind === 'absent') return `${name}, not connected`
  if (state.kind === 'locked') return `${name}, locked`
  return freeBytes === null ? name : `${name}, ${formatBytes(freeBytes, units)} free`
}
