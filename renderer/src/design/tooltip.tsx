// A short hint under a control, on hover and on keyboard focus. The control itself is the trigger.
import type { ReactElement } from 'react'
import { Tooltip as AriaTooltip, TooltipTrigger } from 'react-aria-components'
import styles from './tooltip.module.css'

export interface TooltipProps {
  /** What the hint says; null shows none. */
  readonly text: string | null
  /** A Button, IconButton or another pressable component of React Aria. */
  readonly children: ReactElement
}

export function Tooltip({ text, children }: TooltipProps): ReactElement {
  // The trigger stays while the text comes and goes, so that the button under it keeps the focus.
  return (
    <TooltipTrigger delay={500} closeDelay={0} isDisabled={text === null}>
      {children}
      <AriaTooltip className={styles.tooltip ?? ''} offset={6} placement="bottom">
        {text}
      </AriaTooltip>
    </TooltipTrigger>
  )
}
