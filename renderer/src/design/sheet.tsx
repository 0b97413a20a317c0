// A sheet hangs from the top of the window, keeps the focus inside and gives it back when it closes. Esc closes it.
import type { ReactElement, ReactNode } from 'react'
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components'
import styles from './sheet.module.css'

export interface SheetProps {
  /** Short name; the test id becomes `sheet-{name}`. */
  readonly name: string
  readonly title: string
  /** One or two sentences under the title. */
  readonly description?: ReactNode
  readonly children?: ReactNode
  /** Buttons, the main one last; `<SheetSpace />` pushes what follows to the right. */
  readonly footer: ReactNode
  readonly onClose: () => void
  /** Width in px; 580 as in the mock. */
  readonly width?: number
  /** `alert` announces itself and is for questions that stop the user. */
  readonly role?: 'dialog' | 'alertdialog'
  /** False while closing would leave something half done. */
  readonly closable?: boolean
}

export function Sheet(props: SheetProps): ReactElement {
  const closable = props.closable ?? true
  return (
    <ModalOverlay
      className={styles.scrim ?? ''}
      isOpen
      isKeyboardDismissDisabled={!closable}
      onOpenChange={(open) => {
        if (!open && closable) props.onClose()
      }}
    >
      <Modal className={styles.sheet ?? ''} style={{ width: props.width ?? 580 }}>
        <Dialog className={styles.dialog ?? ''} role={props.role ?? 'dialog'} data-testid={`sheet-${props.name}`}>
          <Heading slot="title" level={2} className={styles.title ?? ''}>
            {props.title}
          </Heading>
          {props.description === undefined ? null : <p className={styles.description}>{props.description}</p>}
          <div className={styles.content}>{props.children}</div>
          <div className={styles.footer}>{props.footer}</div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}

/** Pushes the footer's next buttons to the right. */
export function SheetSpace(): ReactElement {
  return <span className={styles.space} />
}
