// Back Up With Options (ux.md S5): where to, which disks, frozen or not, and what it will do before the click.
import { type ReactElement, useEffect, useRef, useState } from 'react'
import type { MachineId } from '../../../../shared/domain/ids.ts'
import type { Machine } from '../../../../shared/domain/machine.ts'
import type { Problem } from '../../../../shared/errors/problem.ts'
import { freezeOutlook } from '../../../../shared/text/agent-words.ts'
import { canBackUp, whyNoBackup } from '../../../../shared/text/machine-words.ts'
import { describeProblem } from '../../../../shared/text/problems.ts'
import { Banner } from '../../design/banner.tsx'
import { Button } from '../../design/button.tsx'
import { CodeBlock } from '../../design/code-block.tsx'
import { Sheet, SheetSpace } from '../../design/sheet.tsx'
import type { BackUpChoices } from '../../state/back-up-choices.ts'
import { destinationFor, useDestinations, useMachine, useSettings } from '../../state/selectors.ts'
import { useActions, useUi, useUiActions } from '../../state/window-state.tsx'
import { useWordStyle } from '../../state/words.ts'
import { commandOf, defaultsOf, firstChoices, isDefault, startInput } from './choices.ts'
import { DestinationChoice } from './destination-choice.tsx'
import { DiskChoice } from './disk-choice.tsx'
import { FormRow } from './form-row.tsx'
import { FreezeChoice } from './freeze-choice.tsx'
import { KindChoice } from './kind-choice.tsx'
import { MoreOptions } from './more-options.tsx'
import { type Obstacle, obstacleOf } from './obstacle.ts'
import { ObstacleBanner } from './obstacle-banner.tsx'
import styles from './options.module.css'
import { PreviewRows } from './preview-rows.tsx'
import { type PreviewState, usePreview } from './use-preview.ts'

export function BackUpOptionsSheet({ machineId }: { readonly machineId: MachineId }): ReactElement | null {
  const machine = useMachine(machineId)
  return machine === null ? null : <OptionsForm machine={machine} />
}

function OptionsForm({ machine }: { readonly machine: Machine }): ReactElement {
  const ui = useUiActions()
  const actions = useActions()
  const settings = useSettings()
  const destinations = useDestinations()
  const { units } = useWordStyle()
  const opened = useUi(({ sheet }) => (sheet?.kind === 'back-up-options' ? sheet : null))
  const [choices, setChoices] = useState<BackUpChoices>(() => {
    if (opened?.choices !== undefined) return opened.choices
    const usual = destinationFor(machine.id, settings, destinations)
    const there = destinations.find((one) => one.state.kind === 'connected') ?? destinations[0]
    return firstChoices(machine, settings, (usual ?? there)?.id ?? null, opened?.leaveOut ?? null)
  })
  const [commandShown, setCommandShown] = useState(false)
  const [busy, setBusy] = useState<'starting' | 'saving' | null>(null)
  const [refusal, setRefusal] = useState<Problem | null>(null)
  /** Coming back from the set-up, the focus is where it was, if that is still there. */
  const [focusSetUp] = useState(() => opened?.choices !== undefined && freezeOutlook(machine, new Date()).setUpAgent)

  const destination = destinations.find((one) => one.id === choices.destinationId) ?? null
  const state = usePreview(machine, destination, choices)
  // What it would be by itself stays known while a full one is chosen.
  const automatic = usePreview(machine, choices.kind === 'full' ? destination : null, { ...choices, kind: 'automatic' })
  const context = { machine: machine.name, destination: destination?.name ?? null, units }
  const obstacle = destination === null ? null : obstacleOf(state, context)
  const saved = isDefault(machine, choices, settings)
  const change = (next: Partial<BackUpChoices>) => {
    setRefusal(null)
    setChoices({ ...choices, ...next })
  }

  const setUpButton = useRef<HTMLButtonElement>(null)
  // Here and not in the row: the sheet itself takes the focus first.
  useEffect(() => {
    if (focusSetUp) setUpButton.current?.focus()
  }, [focusSetUp])

  const start = async () => {
    if (destination === null) return
    setBusy('starting')
    setRefusal(null)
    const input = startInput(machine, { ...choices, destinationId: destination.id }, obstacle !== null)
    const result = await actions.ask('backup.start', input)
    setBusy(null)
    if (result.ok) ui.closeSheet()
    else setRefusal(result.problem)
  }
  const save = async () => {
    if (destination === null) return
    setBusy('saving')
    const result = await actions.ask('settings.set', {
      destinationByMachine: { ...settings.destinationByMachine, [machine.id]: destination.id },
      backupByMachine: { ...settings.backupByMachine, [machine.id]: defaultsOf(machine, choices, settings) },
    })
    setBusy(null)
    setRefusal(result.ok ? null : result.problem)
  }
  const command = commandOf(machine, choices, settings, {
    destination: destination?.name ?? null,
    whenPossible: obstacle !== null,
  })

  return (
    <Sheet
      name="back-up-options"
      title={`Back up ${machine.name}`}
      onClose={() => ui.closeSheet()}
      footer={
        <>
          <Button onPress={() => setCommandShown(!commandShown)}>
            {commandShown ? 'Hide Command' : 'Show Command'}
          </Button>
          <SheetSpace />
          <Button onPress={() => ui.closeSheet()}>Cancel</Button>
          <Button
            busy={busy === 'saving'}
            disabledReason={
              destination === null
                ? 'There is no destination yet'
                : saved
                  ? 'Back Up Now uses these choices already'
                  : choices.disks.size === 0
                    ? 'Choose at least one disk'
                    : null
            }
            onPress={() => void save()}
          >
            {saved ? 'Saved as Default' : 'Save as Default'}
          </Button>
          <Button
            variant="primary"
            busy={busy === 'starting'}
            disabledReason={whyNotNow(machine, choices, state, obstacle)}
            onPress={() => void start()}
            testId="back-up"
          >
            {obstacle?.button ?? 'Back Up'}
          </Button>
        </>
      }
    >
      {obstacle === null ? null : (
        <ObstacleBanner obstacle={obstacle} machine={machine} choices={choices} onChange={change} />
      )}
      <div className={styles.form}>
        <FormRow name="To">
          <DestinationChoice
            destinations={destinations}
            chosen={choices.destinationId}
            focused={!focusSetUp}
            units={units}
            onChange={(destinationId) => change({ destinationId })}
          />
        </FormRow>
        <PreviewRows
          state={state}
          machine={machine}
          destination={destination?.name ?? null}
          units={units}
          kind={
            <KindChoice
              machine={machine}
              choices={choices}
              states={[state, automatic]}
              units={units}
              onChange={change}
            />
          }
          told={obstacle !== null || isFreezeRefusal(state)}
        />
        <FormRow name="Disks">
          <DiskChoice
            machine={machine}
            chosen={choices.disks}
            preview={state.kind === 'ready' ? state.preview : null}
            onChange={(disks) => change({ disks })}
            units={units}
          />
        </FormRow>
        <FormRow name="Freeze">
          <FreezeChoice
            machine={machine}
            choices={choices}
            state={state}
            onChange={change}
            onSetUp={() => {
              const back = { kind: 'back-up-options', machineId: machine.id, choices } as const
              ui.openSheet({ kind: 'set-up-agent', machineId: machine.id, back })
            }}
            setUpButton={setUpButton}
          />
        </FormRow>
        <MoreOptions choices={choices} settings={settings} units={units} onChange={change} />
      </div>
      {commandShown ? (
        <div>
          <CodeBlock label="the command" wrap code={command.line} />
          {command.note === null ? null : <p className={styles.hint}>{command.note}</p>}
        </div>
      ) : null}
      {refusal === null ? null : (
        <Banner code={refusal.code} tone="problem" title={describeProblem(refusal, context).title}>
          {describeProblem(refusal, context).body}
        </Banner>
      )}
    </Sheet>
  )
}

const isFreezeRefusal = (state: PreviewState) =>
  state.kind === 'refused' && state.problem.code === 'backup/freeze-required'

function whyNotNow(
  machine: Machine,
  choices: BackUpChoices,
  state: PreviewState,
  obstacle: Obstacle | null,
): string | null {
  if (choices.destinationId === null) return 'Choose a destination first'
  if (choices.disks.size === 0) return 'Choose at least one disk'
  if (obstacle !== null) return null
  if (!canBackUp(machine)) return whyNoBackup(machine)
  if (state.kind === 'ready' && !state.preview.enoughSpace) return 'There is not enough space'
  return state.kind === 'refused' ? 'See the reason above' : null
}
