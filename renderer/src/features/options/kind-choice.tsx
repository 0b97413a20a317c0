// Kind (ux.md S5): what it would be by itself, with its size and reason, or everything. Where only a full copy is
// possible the choice is fixed and says why.
import type { ReactElement } from 'react'
import type { Machine } from '../../../../shared/domain/machine.ts'
import { formatBytes, type Units } from '../../../../shared/format/bytes.ts'
import { plannedWords } from '../../../../shared/text/job-words.ts'
import { RadioGroup } from '../../design/radio-group.tsx'
import type { BackUpChoices } from '../../state/back-up-choices.ts'
import type { PreviewState } from './use-preview.ts'

export interface KindChoiceProps {
  readonly machine: Machine
  readonly choices: BackUpChoices
  /** Answers to the wishes so far; the first that fits counts. */
  readonly states: readonly PreviewState[]
  readonly units: Units
  readonly onChange: (change: Partial<BackUpChoices>) => void
}

export function KindChoice({ machine, choices, states, units, onChange }: KindChoiceProps): ReactElement {
  const answerTo = (wished: BackUpChoices['kind']) =>
    states.flatMap((state) => (state.kind === 'ready' && state.wished === wished ? [state.preview] : []))[0] ?? null
  const automatic = answerTo('automatic')
  const full = answerTo('full')
  const forced = automatic?.kind === 'full'
  const fullBytes = (forced ? automatic : full)?.bytesToCopy ?? allocated(machine, choices)
  return (
    <RadioGroup
      label="Kind"
      hideLabel
      value={forced ? 'full' : choices.kind}
      onChange={(kind) => onChange({ kind })}
      choices={[
        {
          value: 'automatic',
          label: automatic === null || forced ? 'Automatic' : `Automatic: ${plannedWords(automatic, units)}`,
          ...(forced || automatic === null ? {} : { hint: automatic.kindReason }),
          disabled: forced,
        },
        {
          value: 'full',
          label: `Full, about ${formatBytes(fullBytes, units)}`,
          ...(forced ? { hint: automatic.kindReason } : {}),
          disabled: forced,
        },
      ]}
    />
  )
}

/** What the chosen disks hold; a full copy takes about as much. */
function allocated(machine: Machine, { disks }: BackUpChoices): number {
  return machine.disks.filter((disk) => disks.has(disk.id)).reduce((sum, disk) => sum + disk.allocatedSize, 0)
}
