// A pasted start command: what to add to it, or the sockets it already has.
import { type ReactElement, useState } from 'react'
import { Banner } from '../../design/banner.tsx'
import { Button } from '../../design/button.tsx'
import { CodeBlock } from '../../design/code-block.tsx'
import { TextField } from '../../design/text-field.tsx'
import styles from './add-machine.module.css'
import { readStartCommand, type StartCommandReading } from './start-command.ts'

export interface ByStartCommandProps {
  /** The command has a QMP socket: go and test it, with the agent's where it has one. */
  readonly onSocket: (qmp: string, agent: string | null) => void
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
      {reading.kind === 'qemu' ? <Reading reading={reading} onSocket={onSocket} /> : null}
    </>
  )
}

function Reading(
  props: ByStartCommandProps & { readonly reading: StartCommandReading & { kind: 'qemu' } },
): ReactElement {
  const { qmp, agent, options } = props.reading
  return (
    <>
      {qmp === null ? null : (
        <Banner
          code="has-socket"
          tone="ok"
          title="This command has a QMP socket already"
          actions={
            <Button size="small" variant="primary" onPress={() => props.onSocket(qmp, agent)}>
              Test It
            </Button>
          }
        >
          {qmp}
          {agent === null ? null : (
            <>
              <br />
              Guest agent: {agent}
            </>
          )}
        </Banner>
      )}
      {options.length === 0 ? null : (
        <div className={styles.stack} data-testid="options-to-add">
          <p className={styles.note}>
            {qmp === null
              ? agent === null
                ? 'Add these options to the command. The first gives Floe its socket; the others give the guest agent its channel, so that the guest can be frozen while a backup starts.'
                : 'Add this option to the command.'
              : 'These options give the guest agent its channel, so that the guest can be frozen while a backup starts. Backups work without them.'}
          </p>
          <CodeBlock code={options.join(' \\\n')} label="the options to add" wrap />
          <p className={styles.note}>
            The folder of the sockets must exist. Restart the machine when it suits you; it will appear here by itself.
          </p>
        </div>
      )}
    </>
  )
}
