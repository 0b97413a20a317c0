// One line of text (or several) with its label, a hint and an error under it.
import type { ReactElement } from 'react'
import { TextField as AriaTextField, FieldError, Input, Label, Text, TextArea } from 'react-aria-components'
import { classes } from './classes.ts'
import styles from './field.module.css'

export interface TextFieldProps {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly placeholder?: string
  readonly hint?: string
  /** Marks the field invalid and says why. */
  readonly error?: string | null
  /** For paths, sockets and commands. */
  readonly mono?: boolean
  /** Number of lines; a text area above 1. */
  readonly rows?: number
  readonly autoFocus?: boolean
  /** Return was pressed (one line only). */
  readonly onSubmit?: () => void
  /** The focus went elsewhere. */
  readonly onLeave?: () => void
  readonly testId?: string
}

export function TextField(props: TextFieldProps): ReactElement {
  const rows = props.rows ?? 1
  const input = classes(styles.input, props.mono && styles.mono, rows > 1 && styles.area)
  return (
    <AriaTextField
      className={styles.field ?? ''}
      value={props.value}
      onChange={props.onChange}
      isInvalid={props.error != null}
      autoFocus={props.autoFocus ?? false}
      onBlur={() => props.onLeave?.()}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && rows === 1) props.onSubmit?.()
        else event.continuePropagation()
      }}
    >
      <Label className={styles.label ?? ''}>{props.label}</Label>
      {rows > 1 ? (
        <TextArea className={input} rows={rows} placeholder={props.placeholder ?? ''} data-testid={props.testId} />
      ) : (
        <Input
          className={input}
          placeholder={props.placeholder ?? ''}
          spellCheck={false}
          autoComplete="off"
          data-testid={props.testId}
        />
      )}
      {props.hint === undefined ? null : (
        <Text slot="description" className={styles.hint ?? ''}>
          {props.hint}
        </Text>
      )}
      <FieldError className={styles.error ?? ''}>{props.error}</FieldError>
    </AriaTextField>
  )
}
