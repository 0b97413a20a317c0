// One choice of several, each on its own line with an explanation.
import type { ReactElement } from 'react'
import { RadioGroup as AriaRadioGroup, Label, Radio } from 'react-aria-components'
import styles from './choice.module.css'

export interface RadioChoice<T extends string> {
  readonly value: T
  readonly label: string
  readonly hint?: string
  readonly disabled?: boolean
}

export interface RadioGroupProps<T extends string> {
  readonly label: string
  /** Hides the label from sight where the sheet's title says the same. */
  readonly hideLabel?: boolean
  readonly value: T
  readonly choices: readonly RadioChoice<T>[]
  readonly onChange: (value: T) => void
  /** Puts the focus on the chosen one as soon as it is shown. */
  readonly autoFocus?: boolean
}

export function RadioGroup<T extends string>(props: RadioGroupProps<T>): ReactElement {
  return (
    <AriaRadioGroup
      className={styles.group ?? ''}
      value={props.value}
      onChange={(value) => props.onChange(value as T)}
      {...(props.hideLabel ? { 'aria-label': props.label } : {})}
    >
      {props.hideLabel ? null : <Label className={styles.label ?? ''}>{props.label}</Label>}
      {props.choices.map((choice) => (
        <Radio
          key={choice.value}
          value={choice.value}
          className={styles.choice ?? ''}
          isDisabled={choice.disabled ?? false}
          autoFocus={(props.autoFocus ?? false) && choice.value === props.value}
        >
          <span className={styles.radio} aria-hidden="true" />
          <span className={styles.text}>
            {choice.label}
            {choice.hint === undefined ? null : <span className={styles.hint}>{choice.hint}</span>}
          </span>
        </Radio>
      ))}
    </AriaRadioGroup>
  )
}
