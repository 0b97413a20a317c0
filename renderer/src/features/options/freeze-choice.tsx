// Freezing: wanted or not, required or not, and why it can't be or may fail (ux.md S5, "Freeze").
import type { ReactElement, Ref } from 'react'
import type { Machine } from '../../../../shared/domain/machine.ts'
import { freezeOutlook } from '../../../../shared/text/agent-words.ts'
import { Button } from '../../design/button.tsx'
import { Checkbox } from '../../design/checkbox.tsx'
import type { BackUpChoices } from '../../state/back-up-choices.ts'
import { useNow } from '../../state/window-state.tsx'
import styles from './options.module.css'
import type { PreviewState } from './use-preview.ts'

export interface FreezeChoiceProps {
  readonly machine: Machine
  readonly choices: BackUpChoices
  readonly state: PreviewState
  readonly onChange: (change: Partial<BackUpChoices>) => void
  readonly onSetUp: () => void
  /** For the focus, when the set-up has been left. */
  readonly setUpButton: Ref<HTMLButtonElement>
}

export function FreezeChoice(props: FreezeChoiceProps): ReactElement {
  const { machine, choices, state, onChange } = props
  const now = useNow(30_000)
  const outlook = freezeOutlook(machine, new Date(now))
  const refused = state.kind === 'refused' && state.problem.code === 'backup/freeze-required'
  // The host knows reasons that the machine's state does not tell.
  const other =
    state.kind === 'ready' && choices.freeze && outlook.possible && !state.preview.freeze.wanted
      ? state.preview.freeze.reason
      : null
  return (
    <div data-testid="option-freeze">
      <Checkbox
        checked={choices.freeze && outlook.possible}
        disabled={!outlook.possible}
        hint={other ?? outlook.hint}
        testId="freeze"
        onChange={(freeze) => onChange({ freeze })}
      >
        Freeze file systems while it starts
      </Checkbox>
      {outlook.setUpAgent ? (
        <div className={styles.below}>
          <Button variant="plain" size="small" onPress={props.onSetUp} ref={props.setUpButton} testId="options-set-up">
            Set Up Agent…
          </Button>
        </div>
      ) : null}
      {machine.state.kind === 'off' ? null : (
        <Checkbox
          checked={choices.freeze && choices.requireFreeze}
          disabled={!choices.freeze || (!outlook.possible && !choices.requireFreeze)}
          hint="No backup when the guest can’t be frozen"
          testId="require-freeze"
          onChange={(requireFreeze) => onChange({ requireFreeze })}
        >
          Require freeze
        </Checkbox>
      )}
      {refused ? (
        <p className={styles.problem} role="alert">
          “Require freeze” is on, and {machine.name} can’t be frozen. Set up the guest agent, or turn it off.
        </p>
      ) : null}
    </div>
  )
}
