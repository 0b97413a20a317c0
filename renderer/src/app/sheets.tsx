// From the open sheet of the state to its component: one sheet at a time.
import type { ReactElement } from 'react'
import { AddDestinationSheet } from '../features/add-destination/add-destination-sheet.tsx'
import { AddMachineSheet } from '../features/add-machine/add-machine-sheet.tsx'
import { SetUpAgentSheet } from '../features/agent/set-up-agent-sheet.tsx'
import { DeletePointsSheet } from '../features/delete-points/delete-points-sheet.tsx'
import { RemoveDemoAlert } from '../features/demo/remove-demo-alert.tsx'
import { ForgetDestinationAlert } from '../features/destination/forget-destination-alert.tsx'
import { CancelJobSheet } from '../features/job/cancel-job-sheet.tsx'
import { BackUpOptionsSheet } from '../features/options/back-up-options-sheet.tsx'
import { RestoreSheet } from '../features/restore/restore-sheet.tsx'
import { UndoRestoreSheet } from '../features/restore/undo-restore-sheet.tsx'
import { RetentionSheet } from '../features/retention/retention-sheet.tsx'
import { SettingsSheet } from '../features/settings/settings-sheet.tsx'
import { RemoveMachineAlert } from '../features/sidebar/remove-machine-alert.tsx'
import { VerifySheet } from '../features/verify/verify-sheet.tsx'
import { useUi } from '../state/window-state.tsx'

export function Sheets(): ReactElement | null {
  const sheet = useUi((state) => state.sheet)
  switch (sheet?.kind) {
    case undefined:
      return null
    case 'add-machine':
      return <AddMachineSheet path={sheet.path} />
    case 'add-destination':
      return <AddDestinationSheet path={sheet.path} />
    case 'forget-destination':
      return <ForgetDestinationAlert destinationId={sheet.destinationId} />
    case 'remove-machine':
      return <RemoveMachineAlert machineId={sheet.machineId} />
    case 'remove-demo':
      return <RemoveDemoAlert />
    case 'settings':
      return <SettingsSheet />
    case 'back-up-options':
      return <BackUpOptionsSheet machineId={sheet.machineId} />
    case 'set-up-agent':
      return <SetUpAgentSheet machineId={sheet.machineId} />
    case 'cancel-job':
      return <CancelJobSheet jobId={sheet.jobId} />
    case 'restore':
      return <RestoreSheet pointId={sheet.pointId} />
    case 'undo-restore':
      return <UndoRestoreSheet restoreId={sheet.restoreId} />
    case 'verify':
      return <VerifySheet pointIds={sheet.pointIds} />
    case 'delete-points':
      return <DeletePointsSheet pointIds={sheet.pointIds} />
    case 'retention':
      return <RetentionSheet machineId={sheet.machineId} destinationId={sheet.destinationId} />
  }
}
