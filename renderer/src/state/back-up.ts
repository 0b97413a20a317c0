// Back Up Now: one click, no questions, once there is a place for it (ux.md 1.2).
import type { Destination } from '../../../shared/domain/destination.ts'
import type { MachineId } from '../../../shared/domain/ids.ts'
import type { Settings } from '../../../shared/domain/settings.ts'
import type { Input } from '../../../shared/ipc/contract.ts'
import { destinationFor, useDestinations, useSettings } from './selectors.ts'
import { useActions, useUiActions } from './window-state.tsx'

/**
 * What Back Up Now asks for: the machine's saved choices, else the general ones. To a drive that is not connected it
 * starts by itself when the drive is back (ux.md 3.3, D1). `destination` null: the core knows the only one.
 */
export function backUpInput(
  machineId: MachineId,
  settings: Settings,
  destination: Destination | null,
): Input<'backup.start'> {
  const saved = settings.backupByMachine[machineId]
  return {
    machineId,
    destinationId: destination?.id ?? null,
    diskIds: saved?.diskIds ?? null,
    limit: saved?.limit ?? settings.defaultLimit,
    check: saved?.check ?? true,
    freeze: saved?.freeze ?? null,
    requireFreeze: saved?.requireFreeze ?? null,
    whenPossible: destination?.state.kind === 'absent' || destination?.state.kind === 'locked',
  }
}

/** What is different from Back Up Now. */
export type BackUpChange = Partial<Omit<Input<'backup.start'>, 'machineId'>>

/**
 * Starts a backup of the machine to its destination. Without any destination it opens Add Destination first; with
 * several and none chosen it asks in the options sheet.
 */
export function useBackUp(machineId: MachineId | null): (change?: BackUpChange) => void {
  const settings = useSettings()
  const destinations = useDestinations()
  const actions = useActions()
  const ui = useUiActions()
  return (change = {}) => {
    if (machineId === null) return
    if (destinations.length === 0) return ui.openSheet({ kind: 'add-destination', path: null })
    const wanted = destinations.find((one) => one.id === change.destinationId)
    const destination = wanted ?? destinationFor(machineId, settings, destinations)
    if (destination === null) return ui.openSheet({ kind: 'back-up-options', machineId })
    void actions.run('backup.start', {
      ...backUpInput(machineId, settings, destination),
      ...change,
      destinationId: destination.id,
    })
  }
}
