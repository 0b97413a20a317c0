// What the backup would do with these choices, asked anew after each change.
import { useEffect, useState } from 'react'
import type { DestinationId, MachineId } from '../../../../shared/domain/ids.ts'
import type { Problem } from '../../../../shared/errors/problem.ts'
import type { BackupPreview } from '../../../../shared/ipc/contract.ts'
import { useActions } from '../../state/window-state.tsx'

export type PreviewState =
  | { readonly kind: 'asking' }
  | { readonly kind: 'ready'; readonly preview: BackupPreview }
  | { readonly kind: 'refused'; readonly problem: Problem }

/** `diskIds` null means all that can be backed up. Without a destination nothing is asked. */
export function usePreview(
  machineId: MachineId,
  destinationId: DestinationId | null,
  diskIds: readonly string[] | null,
): PreviewState {
  const actions = useActions()
  const [state, setState] = useState<PreviewState>({ kind: 'asking' })
  const disks = diskIds === null ? null : diskIds.join('\n')
  useEffect(() => {
    if (destinationId === null) return
    const abort = new AbortController()
    const ids = disks === null ? null : disks.split('\n').filter(Boolean)
    void actions
      .ask('backup.preview', { machineId, destinationId, diskIds: ids }, { signal: abort.signal })
      .then((result) => {
        if (abort.signal.aborted) return
        setState(result.ok ? { kind: 'ready', preview: result.value } : { kind: 'refused', problem: result.problem })
      })
    return () => abort.abort()
  }, [actions, machineId, destinationId, disks])
  return state
}
