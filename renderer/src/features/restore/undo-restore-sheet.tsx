// Undo Restore: brings the images back that a restore replaced, and keeps the restored ones as the new undo copy.
import { type ReactElement, useCallback, useState } from 'react'
import type { JobId, RestoreId } from '../../../../shared/domain/ids.ts'
import type { Restore } from '../../../../shared/domain/restore.ts'
import type { Problem } from '../../../../shared/errors/problem.ts'
import { formatTitle } from '../../../../shared/format/dates.ts'
import { undoCommand } from '../../../../shared/text/commands.ts'
import { whyNoBackup } from '../../../../shared/text/machine-words.ts'
import { Button } from '../../design/button.tsx'
import { CodeBlock } from '../../design/code-block.tsx'
import { Sheet, SheetSpace } from '../../design/sheet.tsx'
import { useBackUp } from '../../state/back-up.ts'
import { useMachine, useRestore } from '../../state/selectors.ts'
import { useActions, useTopic, useUiActions } from '../../state/window-state.tsx'
import { useWordStyle } from '../../state/words.ts'
import { PreflightList, whyBlocked } from './preflight-list.tsx'
import { ReplacedImages } from './replaced-images.tsx'
import { RestoreRun } from './restore-run.tsx'
import { ShutDownAlert } from './shut-down-alert.tsx'
import { Refusal } from './swap-pane.tsx'
import { usePreflight } from './use-preflight.ts'

export function UndoRestoreSheet({ restoreId }: { readonly restoreId: RestoreId }): ReactElement | null {
  const restore = useRestore(restoreId)
  const jobs = useTopic('jobs').byId
  const [jobId, setJobId] = useState<JobId | null>(null)
  if (restore === null) return null
  const job = jobId === null ? undefined : jobs[jobId]
  if (job === undefined) return <UndoForm restore={restore} onStarted={setJobId} />
  return (
    <RestoreRun
      name="undo-restore"
      job={job}
      running={`Undoing the restore of ${restore.machineName}`}
      done={`${restore.machineName} is as it was before the restore`}
      onRetry={() => setJobId(null)}
    />
  )
}

function UndoForm(props: { readonly restore: Restore; readonly onStarted: (jobId: JobId) => void }): ReactElement {
  const { restore } = props
  const ui = useUiActions()
  const actions = useActions()
  const style = useWordStyle()
  const machine = useMachine(restore.machineId)
  const backUp = useBackUp(restore.machineId)
  const [asking, setAsking] = useState(false)
  const [busy, setBusy] = useState(false)
  const [commandShown, setCommandShown] = useState(false)
  const [refusal, setRefusal] = useState<Problem | null>(null)
  const ask = useCallback(() => actions.ask('restores.undoPreflight', { restoreId: restore.id }), [actions, restore.id])
  const { preflight, problem, check } = usePreflight(ask, machine?.state.kind ?? 'off')
  const shown = refusal ?? (preflight === null ? problem : null)

  const start = async () => {
    setBusy(true)
    setRefusal(null)
    const fresh = await check()
    if (fresh?.ok === true) {
      const result = await actions.ask('restores.undo', { restoreId: restore.id })
      if (result.ok) props.onStarted(result.value.jobId)
      else setRefusal(result.problem)
    }
    setBusy(false)
  }

  return (
    <Sheet
      name="undo-restore"
      title={`Undo the restore of ${restore.machineName}?`}
      description={`The images from before ${formatTitle(restore.createdAt, style)} come back. What was written since stays in a new undo copy.`}
      onClose={() => ui.closeSheet()}
      footer={
        <>
          <Button onPress={() => setCommandShown(!commandShown)}>
            {commandShown ? 'Hide Command' : 'Show Command'}
          </Button>
          <SheetSpace />
          <Button onPress={() => ui.closeSheet()} autoFocus>
            Cancel
          </Button>
          <Button
            variant="primary"
            busy={busy}
            disabledReason={whyBlocked(preflight)}
            onPress={() => void start()}
            testId="undo-now"
          >
            Undo Restore
          </Button>
        </>
      }
    >
      {preflight === null ? null : <ReplacedImages preflight={preflight} />}
      <PreflightList
        preflight={preflight}
        remedies={{
          'shut-down-guest': { run: () => setAsking(true), disabledReason: null },
          'restore-to-new-image': { run: () => {}, disabledReason: 'Not possible for an undo' },
          'back-up-first': {
            run: () => {
              ui.closeSheet()
              backUp()
            },
            disabledReason: machine === null ? 'The machine is not in the list' : whyNoBackup(machine),
          },
        }}
      />
      {shown === null ? null : <Refusal problem={shown} machine={restore.machineName} />}
      {commandShown ? <CodeBlock code={undoCommand(restore.id)} label="the command" wrap /> : null}
      {asking && machine !== null ? (
        <ShutDownAlert machine={machine} onClose={() => setAsking(false)} onPressed={() => void check()} />
      ) : null}
    </Sheet>
  )
}
