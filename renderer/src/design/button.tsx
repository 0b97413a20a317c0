// Push buttons: one primary per screen, default for the rest, destructive names what goes.
import type { ReactElement, ReactNode, Ref } from 'react'
import { Button as AriaButton } from 'react-aria-components'
import styles from './button.module.css'
import { classes } from './classes.ts'
import { Tooltip } from './tooltip.tsx'

export interface ButtonProps {
  readonly children: ReactNode
  readonly onPress: (event: { readonly altKey: boolean }) => void
  /** `default` unless said otherwise; `plain` looks like a link. */
  readonly variant?: 'default' | 'primary' | 'destructive' | 'plain'
  /** `small`: 24 px instead of 28 px. */
  readonly size?: 'regular' | 'small'
  /** Shown left of the text. */
  readonly icon?: ReactNode
  /** A reason disables the button and shows as its tooltip; the button stays reachable by keyboard. */
  readonly disabledReason?: string | null
  /** Disabled for a moment, without a reason worth telling (a call is on its way). */
  readonly busy?: boolean
  readonly autoFocus?: boolean
  /** Replaces the text for screen readers, where the text alone is ambiguous. */
  readonly label?: string
  readonly testId?: string
  readonly ref?: Ref<HTMLButtonElement>
}

export function Button(props: ButtonProps): ReactElement {
  const reason = props.disabledReason ?? null
  return (
    <Tooltip text={reason}>
      <AriaButton
        {...(props.ref === undefined ? {} : { ref: props.ref })}
        {...(props.label === undefined ? {} : { 'aria-label': props.label })}
        {...(reason === null ? {} : { 'aria-disabled': true })}
        autoFocus={props.autoFocus ?? false}
        isPending={props.busy ?? false}
        data-testid={props.testId}
        className={classes(
          styles.button,
          styles[props.variant ?? 'default'],
          props.size === 'small' && styles.small,
          (reason !== null || props.busy) && styles.disabled,
        )}
        onPress={(event) => {
          if (reason === null) props.onPress({ altKey: event.altKey })
        }}
      >
        {props.icon}
        {props.children}
      </AriaButton>
    </Tooltip>
  )
}
