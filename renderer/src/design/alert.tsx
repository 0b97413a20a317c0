// A question before something is lost. The safe button is the default and has the focus; Esc means it too.
import type { ReactElement, ReactNode } from 'react'
import { Button } from './button.tsx'
import { Sheet } from './sheet.tsx'

export interface AlertProps {
  readonly name: string
  readonly title: string
  readonly children: ReactNode
  /** Names what happens, e.g. "Cancel Backup". */
  readonly confirm: string
  /** Names what happens instead, e.g. "Keep Backing Up". */
  readonly cancel?: string
  readonly destructive?: boolean
  readonly busy?: boolean
  readonly onConfirm: () => void
  readonly onClose: () => void
}

export function Alert(props: AlertProps): ReactElement {
  return (
    <Sheet
      name={props.name}
      role="alertdialog"
      width={440}
      title={props.title}
      description={props.children}
      onClose={props.onClose}
      footer={
        <>
          <Button onPress={props.onClose} variant={props.destructive ? 'primary' : 'default'} autoFocus>
            {props.cancel ?? 'Cancel'}
          </Button>
          <Button
            onPress={props.onConfirm}
            busy={props.busy ?? false}
            variant={props.destructive ? 'destructive' : 'primary'}
          >
            {props.confirm}
          </Button>
        </>
      }
    />
  )
}
