// Two to four choices side by side; a radio group for keyboard and screen readers.
import type { ReactElement } from 'react'
import { Radio, RadioGroup } from 'react-aria-components'
import styles from './segmented-control.module.css'

export interface SegmentedControlProps<T extends string> {
  readonly label: string
  readonly value: T
  readonly choices: readonly { readonly value: T; readonly label: string; readonly disabled?: boolean }[]
  readonly onChange: (value: T) => void
}

export function SegmentedControl<T extends string>(props: SegmentedControlProps<T>): ReactElement {
  return (
    <RadioGroup
      aria-label={props.label}
      orientation="horizontal"
      className={styles.control ?? ''}
      value={props.value}
      onChange={(value) => props.onChange(value as T)}
    >
      {props.choices.map((choice) => (
        <Radio
          key={choice.value}
          value={choice.value}
          className={styles.choice ?? ''}
          isDisabled={choice.disabled ?? false}
        >
          {choice.label}
        </Radio>
      ))}
    </RadioGroup>
  )
}
