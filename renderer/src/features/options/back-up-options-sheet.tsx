// Back Up With Options (ux.md S5): where to, which disks, how fast, and what it will do before the click.
import { type ReactElement, type ReactNode, useState } from 'react'
import type { DestinationId, MachineId } from '../../../../shared/domain/ids.ts'
import type { Machine } from '../../../../shared/domain/machine.ts'
import { formatBytes, formatRate } from '../../../../shared/format/bytes.ts'
import { backupCommand } from '../../../../shared/text/commands.ts'
import { canBackUp, whyNoBackup } from '../../../../shared/text/machine-words.ts'
import { describeProblem } from '../../../../shared/text/problems.ts'
import { Button } from '../../design/button.tsx'
import { CodeBlock } from '../../design/code-block.tsx'
import { Select } from '../../design/select.tsx'
import { Sheet, SheetSpace } from '../../design/sheet.tsx'
import { destinationFor, useDestinations, useMachine, useSettings } from '../../state/selectors.ts'
import { useActions, useUiActions } from '../../state/window-state.tsx'
import { useWordStyle } from '../../state/words.ts'
import { DiskChoice, initialDisks } from './disk-choice.tsx'
import styles from './options.module.css'
import { type PreviewState, usePreview } from './use-preview.ts'

const limits = [10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000] as const

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
  const [chosen, setChosen] = useState<DestinationId | null>(
    () => destinationFor(machine.id, settings, destinations)?.id ?? destinations[0]?.id ?? null,
  )
  const [disks, setDisks] = useState<ReadonlySet<string>>(() => initialDisks(machine))
  const [limit, setLimit] = useState<number | null>(settings.defaultLimit)
  const [commandShown, setCommandShown] = useState(false)
  const [busy, setBusy] = useState(false)
  const destination = destinations.find((one) => one.id === chosen) ?? null
  const all = machine.disks.filter((disk) => disk.exclusion === null)
  const diskIds = all.every((disk) => disks.has(disk.id)) ? null : [...disks]
  const preview = usePreview(machine.id, chosen, diskIds)
  const saved = chosen !== null && settings.destinationByMachine[machine.id] === chosen

  const start = async () => {
    if (chosen === null) return
    setBusy(true)
    const answer = await actions.run('backup.start', {
      machineId: machine.id,
      destinationId: chosen,
      diskIds,
      limit,
      check: true,
    })
    setBusy(false)
    if (answer !== null) ui.closeSheet()
  }
  const save = () => {
    if (chosen === null) return
    const destinationByMachine = { ...settings.destinationByMachine, [machine.id]: chosen }
    void actions.run('settings.set', { destinationByMachine })
  }

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
            disabledReason={
              chosen === null
                ? 'There is no destination yet'
                : saved
                  ? `${destination?.name} is the destination of ${machine.name} already`
                  : null
            }
            onPress={save}
          >
            {saved ? 'Saved as Default' : 'Save as Default'}
          </Button>
          <Button
            variant="primary"
            busy={busy}
            disabledReason={whyNotNow(machine, chosen, disks, preview)}
            onPress={() => void start()}
            testId="back-up"
          >
            Back Up
          </Button>
        </>
      }
    >
      <div className={styles.form}>
        <Row name="To">
          {destinations.length === 0 ? (
            <Button autoFocus onPress={() => ui.openSheet({ kind: 'add-destination', path: null })}>
              Add Destination…
            </Button>
          ) : (
            <Select
              label="Destination"
              hideLabel
              autoFocus
              value={chosen}
              onChange={setChosen}
              choices={destinations.map((one) => ({
                value: one.id,
                label: one.freeBytes === null ? one.name : `${one.name}, ${formatBytes(one.freeBytes, units)} free`,
                disabledReason: one.state.kind === 'connected' || one.state.kind === 'full' ? null : 'Not usable now',
              }))}
            />
          )}
        </Row>
        <Row name="Kind">
          <PreviewLines state={preview} machine={machine} destination={destination?.name ?? null} units={units} />
        </Row>
        <Row name="Disks">
          <DiskChoice machine={machine} chosen={disks} onChange={setDisks} units={units} />
        </Row>
        <Row name="Speed">
          <Select
            label="Speed limit"
            hideLabel
            value={limit === null ? 'none' : String(limit)}
            onChange={(value) => setLimit(value === 'none' ? null : Number(value))}
            choices={[
              { value: 'none', label: 'No Limit' },
              ...[...new Set([...limits, ...(limit === null ? [] : [limit])])]
                .toSorted((one, other) => one - other)
                .map((rate) => ({ value: String(rate), label: `At Most ${formatRate(rate, units)}` })),
            ]}
          />
        </Row>
      </div>
      {commandShown ? (
        <CodeBlock
          label="the command"
          wrap
          code={backupCommand({
            machine: machine.name,
            destination: destination?.name ?? null,
            disks: diskIds,
            limit,
          })}
        />
      ) : null}
    </Sheet>
  )
}

function whyNotNow(
  machine: Machine,
  destinationId: string | null,
  disks: ReadonlySet<string>,
  preview: PreviewState,
): string | null {
  if (destinationId === null) return 'Choose a destination first'
  if (!canBackUp(machine)) return whyNoBackup(machine)
  if (disks.size === 0) return 'Choose at least one disk'
  if (preview.kind === 'ready' && !preview.preview.enoughSpace) return 'There is not enough space'
  return preview.kind === 'refused' ? 'See the reason above' : null
}

function Row({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactElement {
  return (
    <>
      <span className={styles.name}>{name}</span>
      <div>{children}</div>
    </>
  )
}

function PreviewLines(props: {
  readonly state: PreviewState
  readonly machine: Machine
  readonly destination: string | null
  readonly units: 'decimal' | 'binary'
}): ReactElement {
  const { state, units } = props
  if (props.destination === null) return <p className={styles.line}>Known when there is a destination</p>
  if (state.kind === 'asking') return <p className={styles.line}>Looking at the disks…</p>
  if (state.kind === 'refused') {
    const text = describeProblem(state.problem, {
      machine: props.machine.name,
      destination: props.destination,
      units,
    })
    return (
      <p className={styles.problem} role="alert">
        {text.title}. {text.body}
      </p>
    )
  }
  const { preview } = state
  const about = formatBytes(preview.bytesToCopy, units)
  const shortage =
    preview.enoughSpace || preview.freeBytes === null
      ? null
      : `This backup needs about ${about}; ${formatBytes(preview.freeBytes, units)} is free.`
  return (
    <>
      <p className={styles.line}>{preview.kind === 'full' ? `Full, about ${about}` : `Incremental, about ${about}`}</p>
      <p className={styles.hint}>{preview.kindReason}</p>
      {shortage === null ? null : (
        <p className={styles.problem} role="alert">
          {shortage}
        </p>
      )}
    </>
  )
}
