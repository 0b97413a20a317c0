// A tick box with its text; a second line explains.
import type { ReactElement, ReactNode } from 'react'
import { Checkbox as AriaCheckbox } from 'react-aria-components'
import { CheckIcon } from '../icons/icons.tsx'
import styles from './choice.module.css'

export interface CheckboxProps {
  readonly children: ReactNode
  readonly checked: boolean
  readonly onChange: (checked: boolean) => void
  /** Second line; also the reason when disabled. */
  readonly hint?: string
  readonly disabled?: boolean
  readonly testId?: string
}

export function Checkbox({ children, checked, onChange, hint, disabled, testId }: CheckboxProps): ReactElement {
  return (
    <AriaCheckbox
      className={styles.choice ?? ''}
      isSelected={checked}
      onChange={onChange}
      isDisabled={disabled ?? false}
      data-testid={testId}
    >
      <span className={styles.box} aria-hidden="true">
        {checked ? <CheckIcon small /> : null}
      </span>
      <span className={styles.text}>
        {children}
        {hint === undefined ? null : <span className={styles.hint}>{hint}</span>}
      </span>
    </AriaCheckbox>
  )
}
