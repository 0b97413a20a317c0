// A square button that shows only an icon; its name is the tooltip and what screen readers say.
import type { ReactElement, ReactNode } from 'react'
import { Button as AriaButton, ToggleButton } from 'react-aria-components'
import { classes } from './classes.ts'
import styles from './icon-button.module.css'
import { Tooltip } from './tooltip.tsx'

export interface IconButtonProps {
  /** Name of the action, e.g. "Verify…". */
  readonly label: string
  readonly icon: ReactNode
  readonly onPress: () => void
  /** Given: a toggle that shows and announces this state. */
  readonly pressed?: boolean
  /** Disables the button and becomes its tooltip. */
  readonly disabledReason?: string | null
  readonly testId?: string
}

export function IconButton(props: IconButtonProps): ReactElement {
  const reason = props.disabledReason ?? null
  const common = {
    'aria-label': props.label,
    'data-testid': props.testId,
    className: classes(styles.button, props.pressed && styles.on, reason !== null && styles.disabled),
    onPress: () => {
      if (reason === null) props.onPress()
    },
    ...(reason === null ? {} : { 'aria-disabled': true }),
  }
  return (
    <Tooltip text={reason ?? props.label}>
      {props.pressed === undefined ? (
        <AriaButton {...common}>{props.icon}</AriaButton>
      ) : (
        <ToggleButton {...common} isSelected={props.pressed}>
          {props.icon}
        </ToggleButton>
      )}
    </Tooltip>
  )
}
