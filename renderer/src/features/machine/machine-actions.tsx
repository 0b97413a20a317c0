// The toolbar of a machine's page: Back Up Now, and what can be done with the selected restore point.
import type { ReactElement } from 'react'
import type { Machine } from '../../../../shared/domain/machine.ts'
import type { BackupPreview } from '../../../../shared/ipc/contract.ts'
import { brokenNeed, whyNoRestore } from '../../../../shared/text/point-words.ts'
import { IconButton } from '../../design/icon-button.tsx'
import { RestoreIcon, VerifyIcon } from '../../icons/icons.tsx'
import { useDestination, usePoint } from '../../state/selectors.ts'
import { useTopic, useUi, useUiActions } from '../../state/window-state.tsx'
import { BackUpButton } from './back-up-button.tsx'

export interface MachineActionsProps {
  readonly machine: Machine
  /** What Back Up Now would do; null while it is not known. */
  readonly next: BackupPreview | null
}

export function MachineActions({ machine, next }: MachineActionsProps): ReactElement {
  const ui = useUiActions()
  const selected = useUi((state) => state.selectedPoints)
  const point = usePoint(selected.length === 1 ? (selected[0] ?? null) : null)
  const destination = useDestination(point?.destinationId ?? null)
  const { byId } = useTopic('points')
  const place = destination?.name ?? 'its destination'
  const noRestore =
    point === null ? 'Select one restore point first' : whyNoRestore(point, place, brokenNeed(point, byId))
  const noVerify = selected.length === 0 ? 'Select a restore point first' : absence(point?.available ?? true, place)
  return (
    <>
      <BackUpButton machine={machine} next={next} />
      <IconButton
        label="Restore…"
        icon={<RestoreIcon />}
        disabledReason={noRestore}
        onPress={() => {
          if (point !== null) ui.openSheet({ kind: 'restore', pointId: point.id })
        }}
      />
      <IconButton
        label="Verify…"
        icon={<VerifyIcon />}
        disabledReason={noVerify}
        onPress={() => ui.openSheet({ kind: 'verify', pointIds: selected })}
      />
    </>
  )
}

function absence(available: boolean, place: string): string | null {
  return available ? null : `Connect ${place} to verify`
}
