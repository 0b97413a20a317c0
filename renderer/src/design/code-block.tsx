// Text to copy: an option, a command, a path.
import { type ReactElement, useEffect, useState } from 'react'
import { CheckIcon, CopyIcon } from '../icons/icons.tsx'
import { Button } from './button.tsx'
import { classes } from './classes.ts'
import styles from './code-block.module.css'

export interface CodeBlockProps {
  readonly code: string
  /** What is copied, for screen readers, e.g. "the -qmp option". */
  readonly label: string
  /** Wraps long lines instead of scrolling. */
  readonly wrap?: boolean
}

export function CodeBlock({ code, label, wrap }: CodeBlockProps): ReactElement {
  return (
    <div className={classes(styles.block, wrap && styles.wrap)}>
      <pre className={styles.code}>{code}</pre>
      <CopyButton text={code} label={`Copy ${label}`} />
    </div>
  )
}

/** Copies `text` and says "Copied" for two seconds; says so when the system refused. */
export function CopyButton(props: {
  readonly text: string
  readonly label: string
  readonly children?: string
}): ReactElement {
  const [state, setState] = useState<'idle' | 'copied' | 'refused'>('idle')
  useEffect(() => {
    if (state === 'idle') return
    const timer = setTimeout(() => setState('idle'), 2000)
    return () => clearTimeout(timer)
  }, [state])
  return (
    <Button
      size="small"
      label={state === 'idle' ? props.label : state === 'copied' ? 'Copied' : 'Copying is not allowed here'}
      icon={state === 'copied' ? <CheckIcon small /> : <CopyIcon small />}
      onPress={() => {
        void navigator.clipboard.writeText(props.text).then(
          () => setState('copied'),
          () => setState('refused'),
        )
      }}
    >
      {state === 'copied' ? 'Copied' : state === 'refused' ? 'Not Allowed' : (props.children ?? 'Copy')}
    </Button>
  )
}
