// A pasted start command: what to add to it, or the socket it already has.
import { type ReactElement, useState } from 'react'
import { Banner } from '../../design/banner.tsx'
import { Button } from '../../design/button.tsx'
import { CodeBlock } from '../../design/code-block.tsx'
import { TextField } from '../../design/text-field.tsx'
import styles from './add-machine.module.css'
import { readStartCommand } from './start-command.ts'

export interface ByStartCommandProps {
  /** The command has a socket: go and test it. */
  readonly onSocket: (path: string) => void
}

export function ByStartCommand({ onSocket }: ByStartCommandProps): ReactElement {
  const [command, setCommand] = useState('')
  const reading = readStartCommand(command)
  return (
    <>
      <TextField
        label="Start command"
        mono
        rows={4}
        autoFocus
        value={command}
        onChange={setCommand}
        placeholder="qemu-system-x86_64 -name debian-dev -m 4G …"
        hint="Nothing is run or changed; Floe only reads it."
        testId="start-command"
      />
      {reading.kind === 'not-qemu' ? (
        <Banner code="not-qemu-command" tone="warning" title="This doesn’t start QEMU">
          The command should contain a program like qemu-system-x86_64.
        </Banner>
      ) : null}
      {reading.kind === 'has-socket' ? (
        <Banner
          code="has-socket"
          tone="ok"
          title="This command has a QMP socket already"
          actions={
            <Button size="small" variant="primary" onPress={() => onSocket(reading.path)}>
              Test It
            </Button>
          }
        >
          {reading.path}
        </Banner>
      ) : null}
      {reading.kind === 'needs-option' ? (
        <div className={styles.stack}>
          <p className={styles.note}>Add this option to the command:</p>
          <CodeBlock code={reading.option} label="the -qmp option" wrap />
          <p className={styles.note}>Restart the machine when it suits you; it will appear here by itself.</p>
        </div>
      ) : null}
    </>
  )
}
