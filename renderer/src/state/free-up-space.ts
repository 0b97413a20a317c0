// Where to make room on a destination: with this machine's own restore points when it has several there, else on the
// destination's page, which shows whose points take how much.
import type { DestinationId, MachineId } from '../../../shared/domain/ids.ts'
import { usePoints } from './selectors.ts'
import { useUiActions } from './window-state.tsx'

/** What *Free Up Space…* does; null when there is nothing to go to. Removes nothing by itself. */
export function useFreeUpSpace(machineId: MachineId | null, destinationId: DestinationId | null): (() => void) | null {
  const ui = useUiActions()
  const there = usePoints(machineId).filter((point) => point.destinationId === destinationId)
  if (destinationId === null) return null
  return machineId !== null && there.length > 1
    ? () => ui.openSheet({ kind: 'retention', machineId, destinationId })
    : () => ui.show({ kind: 'destination', destinationId })
}
