// A whole number with arrows to step it; Up and Down step too. What is no number counts as the least.
import type { ReactElement } from 'react'
import { NumberField as AriaNumberField, Button, Group, Input, Label } from 'react-aria-components'
import field from './field.module.css'
import styles from './number-field.module.css'

export interface NumberFieldProps {
  readonly label: string
  readonly value: number
  readonly min: number
  readonly max: number
  readonly onChange: (value: number) => void
  readonly testId?: string
}

export function NumberField(props: NumberFieldProps): ReactElement {
  return (
    <AriaNumberField
      className={field.field ?? ''}
      value={props.value}
      minValue={props.min}
      maxValue={props.max}
      step={1}
      onChange={(value) => props.onChange(Number.isNaN(value) ? props.min : value)}
    >
      <Label className={field.label ?? ''}>{props.label}</Label>
      <Group className={styles.group ?? ''}>
        <Input className={styles.input ?? ''} data-testid={props.testId} />
        <Button slot="decrement" className={styles.step ?? ''}>
          –
        </Button>
        <Button slot="increment" className={styles.step ?? ''}>
          +
        </Button>
      </Group>
    </AriaNumberField>
  )
}
