// Choosing a place for backups: drives that are there, or any folder (ux.md 3.1, S7).
import { type ReactElement, useEffect, useState } from 'react'
import type { DestinationSuggestion } from '../../../../shared/domain/destination.ts'
import type { Problem } from '../../../../shared/errors/problem.ts'
import { formatBytes, type Units } from '../../../../shared/format/bytes.ts'
import { describeProblem } from '../../../../shared/text/problems.ts'
import { Banner } from '../../design/banner.tsx'
import { Button } from '../../design/button.tsx'
import { RadioGroup } from '../../design/radio-group.tsx'
import { Sheet, SheetSpace } from '../../design/sheet.tsx'
import { TextField } from '../../design/text-field.tsx'
import { useSettings } from '../../state/selectors.ts'
import { useActions, useHost, useUiActions } from '../../state/window-state.tsx'
import styles from './add-destination.module.css'

export interface AddDestinationSheetProps {
  /** A folder that was dropped on the window. */
  readonly path: string | null
}

const otherFolder = '\u0000other'

export function AddDestinationSheet({ path: dropped }: AddDestinationSheetProps): ReactElement {
  const actions = useActions()
  const ui = useUiActions()
  const host = useHost()
  const { units } = useSettings()
  const suggestions = useSuggestions()
  const [choice, setChoice] = useState<string | null>(dropped === null ? null : otherFolder)
  const [path, setPath] = useState(dropped ?? '')
  const [name, setName] = useState('')
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem | null>(null)

  const best = suggestions?.find((suggestion) => suggestion.warning === null)?.path ?? otherFolder
  const chosen = choice ?? best
  const target = (chosen === otherFolder ? path : chosen).trim()
  const whyNot =
    target === '' ? 'Choose a folder first' : target.startsWith('/') ? null : 'Enter the whole path, from /'

  const chooseFolder = async (): Promise<void> => {
    const answer = await actions.run('host.chooseFolder', { title: 'Choose a folder for backups' })
    if (answer === null || answer.path === null) return
    setChoice(otherFolder)
    setPath(answer.path)
  }
  const add = async (): Promise<void> => {
    if (whyNot !== null || busy) return
    setBusy(true)
    setProblem(null)
    const result = await actions.ask('destinations.add', {
      path: target,
      name: name.trim() === '' ? null : name.trim(),
    })
    setBusy(false)
    if (result.ok) ui.closeSheet()
    else setProblem(result.problem)
  }

  return (
    <Sheet
      name="add-destination"
      title="Where should backups go?"
      description="Floe makes a folder of its own there and touches nothing else. A drive of its own helps when the machine’s disk fails."
      onClose={ui.closeSheet}
      footer={
        <>
          {host?.can.chooseFolder ? (
            <Button onPress={() => void chooseFolder()} testId="choose-folder">
              Choose Folder…
            </Button>
          ) : null}
          <SheetSpace />
          <Button onPress={ui.closeSheet}>Cancel</Button>
          <Button
            variant="primary"
            busy={busy}
            disabledReason={whyNot}
            onPress={() => void add()}
            testId="add-destination-confirm"
          >
            Add Destination
          </Button>
        </>
      }
    >
      {suggestions === null ? <p className={styles.note}>Looking for drives…</p> : null}
      <RadioGroup
        label="Places"
        hideLabel
        autoFocus
        value={chosen}
        onChange={(value) => {
          setChoice(value)
          setProblem(null)
        }}
        choices={[
          ...(suggestions ?? []).map((suggestion) => ({
            value: suggestion.path,
            label: suggestion.name,
            hint: hintOf(suggestion, units),
          })),
          { value: otherFolder, label: 'Another folder' },
        ]}
      />
      {chosen === otherFolder ? (
        <TextField
          label="Folder"
          mono
          value={path}
          onChange={(value) => {
            setPath(value)
            setProblem(null)
          }}
          onSubmit={() => void add()}
          placeholder="/mnt/backups"
          testId="destination-path"
        />
      ) : null}
      <TextField
        label="Name (optional)"
        value={name}
        onChange={setName}
        onSubmit={() => void add()}
        testId="destination-name"
      />
      {problem === null ? null : (
        <Banner code={problem.code} tone="problem" title={describeProblem(problem, { units }).title}>
          {describeProblem(problem, { units }).body}
        </Banner>
      )}
    </Sheet>
  )
}

/** Null while the host is looking; empty when it found none or could not look. */
function useSuggestions(): readonly DestinationSuggestion[] | null {
  const actions = useActions()
  const [suggestions, setSuggestions] = useState<readonly DestinationSuggestion[] | null>(null)
  useEffect(() => {
    let gone = false
    void actions.ask('destinations.suggest', {}).then((result) => {
      if (!gone) setSuggestions(result.ok ? result.value : [])
    })
    return () => {
      gone = true
    }
  }, [actions])
  return suggestions
}

function hintOf(suggestion: DestinationSuggestion, units: Units): string {
  const free = suggestion.freeBytes === null ? null : `${formatBytes(suggestion.freeBytes, units)} free`
  return [free, suggestion.external ? 'External drive' : null, suggestion.path, suggestion.warning]
    .filter((part) => part !== null)
    .join(' · ')
}
