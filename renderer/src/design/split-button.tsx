// A button with its plain action on the left and the choices behind an arrow on the right.
import type { ReactElement, ReactNode } from 'react'
import { Button as AriaButton } from 'react-aria-components'
import { ChevronDownIcon } from '../icons/icons.tsx'
import { classes } from './classes.ts'
import { Menu, type MenuAction } from './menu.tsx'
import styles from './split-button.module.css'
import { Tooltip } from './tooltip.tsx'

export interface SplitButtonProps {
  readonly children: ReactNode
  readonly onPress: (event: { readonly altKey: boolean }) => void
  readonly actions: readonly MenuAction[]
  /** Names the arrow's menu, e.g. "More ways to back up". */
  readonly menuLabel: string
  readonly variant?: 'default' | 'primary'
  readonly size?: 'regular' | 'small'
  readonly icon?: ReactNode
  /** Disables the left part only and becomes its tooltip. */
  readonly disabledReason?: string | null
  /** Tooltip while it is not disabled. */
  readonly hint?: string | null
  readonly testId?: string
}

export function SplitButton(props: SplitButtonProps): ReactElement {
  const reason = props.disabledReason ?? null
  const primary = props.variant === 'primary' && reason === null
  return (
    <span className={classes(styles.split, primary && styles.primary, props.size === 'small' && styles.small)}>
      <Tooltip text={reason ?? props.hint ?? null}>
        <AriaButton
          {...(reason === null ? {} : { 'aria-disabled': true })}
          data-testid={props.testId}
          className={classes(styles.part, reason !== null && styles.disabled)}
          onPress={(event) => {
            if (reason === null) props.onPress({ altKey: event.altKey })
          }}
        >
          {props.icon}
          {props.children}
        </AriaButton>
      </Tooltip>
      <Menu label={props.menuLabel} actions={props.actions}>
        <AriaButton
          aria-label={props.menuLabel}
          data-testid={props.testId === undefined ? undefined : `${props.testId}-menu`}
          className={classes(styles.part, styles.arrow)}
        >
          <ChevronDownIcon small />
        </AriaButton>
      </Menu>
    </span>
  )
}
