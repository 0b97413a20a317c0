// A whole number with buttons to step it; Up and Down step too. It counts while it is typed, not only once it is left.
// What is no number counts as the least.
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

const plain: Intl.NumberFormatOptions = { useGrouping: false, maximumFractionDigits: 0 }

export function NumberField(props: NumberFieldProps): ReactElement {
  return (
    <AriaNumberField
      className={field.field ?? ''}
      value={props.value}
      minValue={props.min}
      maxValue={props.max}
      step={1}
      formatOptions={plain}
      onChange={(value) => props.onChange(Number.isNaN(value) ? props.min : value)}
    >
      <Label className={field.label ?? ''}>{props.label}</Label>
      <Group className={styles.group ?? ''}>
        <Input
          className={styles.input ?? ''}
          data-testid={props.testId}
          onInput={(event) => {
            const text = event.currentTarget.value.trim()
            if (/^\d+$/.test(text)) props.onChange(Math.min(props.max, Math.max(props.min, Number(text))))
          }}
        />
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
