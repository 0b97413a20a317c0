// Retention (ux.md S11): how many restore points to keep, what that keeps and removes right now, and removing it. All
// numbers count points; the preview is the very function that removes. Nothing is removed by itself.
import { type ReactElement, useState } from 'react'
import type { DestinationId, MachineId } from '../../../../shared/domain/ids.ts'
import type { Machine } from '../../../../shared/domain/machine.ts'
import type { RetentionPolicy } from '../../../../shared/domain/retention.ts'
import type { Problem } from '../../../../shared/errors/problem.ts'
import { pruneCommand } from '../../../../shared/text/commands.ts'
import { keepsNothing, policyParts, usualPolicy } from '../../../../shared/text/keeping-words.ts'
import { describeProblem } from '../../../../shared/text/problems.ts'
import { Banner } from '../../design/banner.tsx'
import { Button } from '../../design/button.tsx'
import { CodeBlock } from '../../design/code-block.tsx'
import { Select } from '../../design/select.tsx'
import { Sheet, SheetSpace } from '../../design/sheet.tsx'
import { destinationFor, useDestinations, useMachine, usePoints, useSettings } from '../../state/selectors.ts'
import { useActions, useUiActions } from '../../state/window-state.tsx'
import { useWordStyle } from '../../state/words.ts'
import { PolicyFields } from './policy-fields.tsx'
import { PruneAlert } from './prune-alert.tsx'
import { PrunePreview } from './prune-preview.tsx'
import styles from './retention.module.css'
import { usePrunePreview } from './use-prune-preview.ts'

export interface RetentionSheetProps {
  readonly machineId: MachineId
  readonly destinationId: DestinationId | null
}

export function RetentionSheet(props: RetentionSheetProps): ReactElement | null {
  const machine = useMachine(props.machineId)
  return machine === null ? null : <RetentionForm machine={machine} wanted={props.destinationId} />
}

interface FormProps {
  readonly machine: Machine
  readonly wanted: DestinationId | null
}

function RetentionForm({ machine, wanted }: FormProps): ReactElement {
  const ui = useUiActions()
  const actions = useActions()
  const settings = useSettings()
  const style = useWordStyle()
  const destinations = useDestinations()
  const points = usePoints(machine.id)
  const [chosen, setChosen] = useState<DestinationId | null>(wanted)
  const saved = settings.retentionByMachine[machine.id] ?? null
  const [policy, setPolicy] = useState<RetentionPolicy>(saved ?? usualPolicy)
  const [refusal, setRefusal] = useState<Problem | null>(null)
  const [asking, setAsking] = useState(false)
  const [commandShown, setCommandShown] = useState(false)
  const places = destinations.filter((one) => points.some((point) => point.destinationId === one.id))
  const usual = destinationFor(machine.id, settings, places) ?? places[0] ?? null
  const place = places.find((one) => one.id === chosen) ?? usual
  const nothing = keepsNothing(policy)
  const here = points.filter((point) => point.destinationId === place?.id)
  const preview = usePrunePreview(machine.id, nothing ? null : (place?.id ?? null), policy, here)
  const removed = preview.kind === 'ready' ? preview.preview.remove.length : 0
  const isSaved = saved !== null && policyParts.every((part) => saved[part] === policy[part])

  const save = async () => {
    const retentionByMachine = { ...settings.retentionByMachine, [machine.id]: policy }
    const result = await actions.ask('settings.set', { retentionByMachine })
    setRefusal(result.ok ? null : result.problem)
  }
  const problem = refusal ?? (preview.kind === 'refused' ? preview.problem : null)
  const text =
    problem === null ? null : describeProblem(problem, { machine: machine.name, destination: place?.name ?? null })
  return (
    <Sheet
      name="retention"
      title={`Keep restore points of ${machine.name}`}
      description="The numbers count restore points, not elapsed time: after weeks without a backup, nothing goes for its age. Pinned points, the last good and the last verified one always stay. Nothing is removed by itself."
      width={640}
      onClose={() => ui.closeSheet()}
      footer={
        <>
          <Button onPress={() => setCommandShown(!commandShown)}>
            {commandShown ? 'Hide Command' : 'Show Command'}
          </Button>
          <SheetSpace />
          <Button
            variant="destructive"
            testId="prune"
            disabledReason={nothing ? 'Keep at least one' : removed === 0 ? 'These numbers keep every point' : null}
            onPress={() => setAsking(true)}
          >
            {removed === 0 ? 'Remove Points…' : removed === 1 ? 'Remove 1 Point…' : `Remove ${removed} Points…`}
          </Button>
          <Button
            testId="save-retention"
            disabledReason={nothing ? 'Keep at least one' : isSaved ? 'These numbers are saved already' : null}
            onPress={() => void save()}
          >
            {isSaved ? 'Saved' : 'Save'}
          </Button>
          <Button variant="primary" autoFocus onPress={() => ui.closeSheet()}>
            Done
          </Button>
        </>
      }
    >
      {places.length < 2 ? (
        <p className={styles.place}>
          On <bdi>{place?.name ?? 'no destination yet'}</bdi>
        </p>
      ) : (
        <Select
          label="On"
          value={place?.id ?? null}
          onChange={setChosen}
          choices={places.map((one) => ({ value: one.id, label: one.name }))}
        />
      )}
      <PolicyFields policy={policy} onChange={setPolicy} />
      {nothing ? (
        <p className={styles.problem} role="alert">
          These numbers keep nothing. Enter at least one.
        </p>
      ) : (
        <PrunePreview state={preview} points={here} style={style} />
      )}
      {text === null ? null : (
        <Banner code="retention" tone="problem" title={text.title}>
          {text.body}
        </Banner>
      )}
      {commandShown ? (
        <CodeBlock code={pruneCommand(machine.name, place?.name ?? null, policy)} label="the command" wrap />
      ) : null}
      {asking && preview.kind === 'ready' && place !== null ? (
        <PruneAlert
          machine={machine}
          destination={place}
          policy={policy}
          preview={preview.preview}
          style={style}
          onClose={() => setAsking(false)}
          onRefused={(refused) => {
            setAsking(false)
            setRefusal(refused)
            preview.again()
          }}
        />
      ) : null}
    </Sheet>
  )
}
