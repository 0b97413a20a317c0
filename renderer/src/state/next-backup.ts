// What Back Up Now would do for a machine: kind, size and reason before the click (ux.md 7.13). Asked when something
// that decides it changes, and twice a minute while the page is shown, since a running guest goes on writing.
import { useEffect, useState } from 'react'
import type { Machine } from '../../../shared/domain/machine.ts'
import type { BackupPreview, Input } from '../../../shared/ipc/contract.ts'
import { canBackUp } from '../../../shared/text/machine-words.ts'
import { backUpInput } from './back-up.ts'
import { destinationFor, useActiveJobs, useDestinations, usePoints, useSettings } from './selectors.ts'
import { useActions, useNow } from './window-state.tsx'

const every = 30_000

/** Null while it is not known: no destination, nothing to back up, a job at work, or the core refuses. */
export function useNextBackup(machine: Machine | null): BackupPreview | null {
  const actions = useActions()
  const settings = useSettings()
  const destination = destinationFor(machine?.id ?? '', settings, useDestinations())
  const points = usePoints(machine?.id ?? '')
  const busy = useActiveJobs().some((job) => job.machineId === machine?.id)
  const now = useNow(every)
  const [answer, setAnswer] = useState<{ readonly wish: string; readonly preview: BackupPreview | null } | null>(null)
  const possible = machine !== null && canBackUp(machine) && !busy && destination?.state.kind === 'connected'
  const input = possible ? previewInput(machine, settings, destination) : null
  const round = [machine?.state.kind, points.map((point) => point.id), Math.floor(now / every)]
  const asked = JSON.stringify({ input, round })
  const wish = JSON.stringify(input)

  useEffect(() => {
    const question = (JSON.parse(asked) as { input: Input<'backup.preview'> | null }).input
    if (question === null || document.hidden) return
    const abort = new AbortController()
    void actions.ask('backup.preview', question, { signal: abort.signal }).then((result) => {
      if (abort.signal.aborted) return
      setAnswer({ wish: JSON.stringify(question), preview: result.ok ? result.value : null })
    })
    return () => abort.abort()
  }, [actions, asked])
  return input !== null && answer?.wish === wish ? answer.preview : null
}

function previewInput(
  machine: Machine,
  settings: Parameters<typeof backUpInput>[1],
  destination: Parameters<typeof backUpInput>[2],
): Input<'backup.preview'> {
  const {
    machineId,
    destinationId,
    diskIds,
    freeze = null,
    requireFreeze = null,
  } = backUpInput(machine.id, settings, destination)
  return { machineId, destinationId, diskIds, freeze, requireFreeze }
}
