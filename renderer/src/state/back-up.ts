// Back Up Now: one click, no questions, once there is a place for it (ux.md 1.2).
import type { MachineId } from '../../../shared/domain/ids.ts'
import { destinationFor, useDestinations, useSettings } from './selectors.ts'
import { useActions, useUiActions } from './window-state.tsx'

/**
 * Starts a backup of the machine to its destination. Without any destination it opens Add Destination first; with
 * several and none chosen it asks in the options sheet.
 */
export function useBackUp(machineId: MachineId | null): () => void {
  const settings = useSettings()
  const destinations = useDestinations()
  const actions = useActions()
  const ui = useUiActions()
  return () => {
    if (machineId === null) return
    if (destinations.length === 0) return ui.openSheet({ kind: 'add-destination', path: null })
    const destination = destinationFor(machineId, settings, destinations)
    if (destination === null) return ui.openSheet({ kind: 'back-up-options', machineId })
    void actions.run('backup.start', {
      machineId,
      destinationId: destination.id,
      diskIds: null,
      limit: settings.defaultLimit,
      check: true,
    })
  }
}
