// Swap in place: what is replaced, what is checked, and the one button that does it.
import { type ReactElement, type ReactNode, useCallback, useEffect, useState } from 'react'
import type { JobId } from '../../../../shared/domain/ids.ts'
import type { Machine } from '../../../../shared/domain/machine.ts'
import type { Point } from '../../../../shared/domain/point.ts'
import type { Problem } from '../../../../shared/errors/problem.ts'
import { swapCommand } from '../../../../shared/text/commands.ts'
import { whyNoBackup } from '../../../../shared/text/machine-words.ts'
import { describeProblem } from '../../../../shared/text/problems.ts'
import { Banner } from '../../design/banner.tsx'
import { Button } from '../../design/button.tsx'
import { CodeBlock } from '../../design/code-block.tsx'
import { Sheet, SheetSpace } from '../../design/sheet.tsx'
import { useBackUp } from '../../state/back-up.ts'
import { useActions, useUiActions } from '../../state/window-state.tsx'
import { PreflightList, whyBlocked } from './preflight-list.tsx'
import { ReplacedImages } from './replaced-images.tsx'
import styles from './restore.module.css'
import type { Way } from './restore-sheet.tsx'
import { ShutDownAlert } from './shut-down-alert.tsx'
import { usePreflight } from './use-preflight.ts'

export interface SwapPaneProps {
  readonly point: Point
  readonly machine: Machine | null
  /** The point as a title, e.g. "Yesterday, 21:00". */
  readonly when: string
  /** The switch between the ways. */
  readonly control: ReactNode
  readonly onStarted: (jobId: JobId) => void
  readonly onWay: (way: Way) => void
}

export function SwapPane(props: SwapPaneProps): ReactElement {
  const { point, machine } = props
  const ui = useUiActions()
  const actions = useActions()
  const backUp = useBackUp(machine?.id ?? null)
  const [commandShown, setCommandShown] = useState(false)
  const [asking, setAsking] = useState(false)
  const [waiting, setWaiting] = useState(false)
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState<Problem | null>(null)
  const state = machine?.state.kind ?? 'off'
  const ask = useCallback(() => actions.ask('restore.preflight', { pointId: point.id }), [actions, point.id])
  const { preflight, problem, check } = usePreflight(ask, state)
  useEffect(() => {
    if (state === 'off') setWaiting(false)
  }, [state])

  const start = async () => {
    setBusy(true)
    setRefusal(null)
    const fresh = await check()
    if (fresh?.ok === true) {
      const result = await actions.ask('restore.swap', { pointId: point.id })
      if (result.ok) props.onStarted(result.value.jobId)
      else setRefusal(result.problem)
    }
    setBusy(false)
  }

  const shown = refusal ?? (preflight === null ? problem : null)
  const count = preflight?.disks.length ?? point.disks.length
  return (
    <Sheet
      name="restore"
      title={`Restore ${point.machineName} to ${props.when}?`}
      description={
        count === 1
          ? 'The disk image is replaced. The current one stays beside it as an undo copy.'
          : `${count === 2 ? 'Both' : `All ${count}`} disk images are replaced. The current ones stay beside them as an undo copy.`
      }
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
            testId="restore-now"
          >
            Restore and Keep Undo Copy
          </Button>
        </>
      }
    >
      <div>{props.control}</div>
      {preflight === null ? null : <ReplacedImages preflight={preflight} />}
      <PreflightList
        preflight={preflight}
        remedies={{
          'shut-down-guest': {
            run: () => setAsking(true),
            disabledReason: waiting ? 'The guest was asked already' : null,
          },
          'restore-to-new-image': { run: () => props.onWay('new-image'), disabledReason: null },
          'back-up-first': {
            run: () => {
              ui.closeSheet()
              backUp()
            },
            disabledReason: machine === null ? 'The machine is not in the list' : whyNoBackup(machine),
          },
        }}
      />
      {waiting ? (
        <p className={styles.line} role="status">
          {point.machineName} was asked to shut down. This goes on by itself as soon as it is off.
        </p>
      ) : null}
      {shown === null ? null : <Refusal problem={shown} machine={point.machineName} />}
      {commandShown ? <CodeBlock code={swapCommand(point.id)} label="the command" wrap /> : null}
      {asking && machine !== null ? (
        <ShutDownAlert machine={machine} onClose={() => setAsking(false)} onPressed={() => setWaiting(true)} />
      ) : null}
    </Sheet>
  )
}

export function Refusal(props: { readonly problem: Problem; readonly machine: string }): ReactElement {
  const text = describeProblem(props.problem, { machine: props.machine })
  return (
    <Banner code={props.problem.code.replace('/', '-')} tone="problem" title={text.title}>
      {text.body}
    </Banner>
  )
}
