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
  if (text === null) return children
  return (
    <TooltipTrigger delay={500} closeDelay={0}>
      {children}
      <AriaTooltip className={styles.tooltip ?? ''} offset={6} placement="bottom">
        {text}
      </AriaTooltip>
    </TooltipTrigger>
  )
}
