// A pop-up list for one choice of many.
import type { ReactElement } from 'react'
import { Select as AriaSelect, Button, Label, ListBox, ListBoxItem, Popover, SelectValue } from 'react-aria-components'
import { ChevronDownIcon } from '../icons/icons.tsx'
import { classes } from './classes.ts'
import field from './field.module.css'
import menu from './menu.module.css'
import styles from './select.module.css'

export interface SelectChoice<T extends string> {
  readonly value: T
  readonly label: string
  readonly disabledReason?: string | null
}

export interface SelectProps<T extends string> {
  readonly label: string
  readonly hideLabel?: boolean
  readonly value: T | null
  readonly choices: readonly SelectChoice<T>[]
  readonly onChange: (value: T) => void
  readonly placeholder?: string
  readonly autoFocus?: boolean
  readonly testId?: string
}

export function Select<T extends string>(props: SelectProps<T>): ReactElement {
  return (
    <AriaSelect
      className={field.field ?? ''}
      value={props.value}
      autoFocus={props.autoFocus ?? false}
      placeholder={props.placeholder ?? 'Choose…'}
      onChange={(key) => {
        if (key !== null) props.onChange(String(key) as T)
      }}
      disabledKeys={props.choices.filter((choice) => choice.disabledReason != null).map((choice) => choice.value)}
      {...(props.hideLabel ? { 'aria-label': props.label } : {})}
    >
      {props.hideLabel ? null : <Label className={field.label ?? ''}>{props.label}</Label>}
      <Button className={styles.button ?? ''} data-testid={props.testId}>
        <SelectValue className={styles.value ?? ''} />
        <ChevronDownIcon small />
      </Button>
      <Popover className={classes(menu.popover)} offset={4}>
        <ListBox className={menu.menu ?? ''}>
          {props.choices.map((choice) => (
            <ListBoxItem key={choice.value} id={choice.value} textValue={choice.label} className={menu.item ?? ''}>
              <span className={menu.label}>
                {choice.label}
                {choice.disabledReason == null ? null : <span className={menu.reason}>{choice.disabledReason}</span>}
              </span>
            </ListBoxItem>
          ))}
        </ListBox>
      </Popover>
    </AriaSelect>
  )
}
