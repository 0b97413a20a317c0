// A socket path or HOST:PORT, tested as it is entered; a socket can be dropped here.
import { type DragEvent, type ReactElement, useState } from 'react'
import type { ProbeLine } from '../../../../shared/domain/machine.ts'
import { describeProblem } from '../../../../shared/text/problems.ts'
import { Banner } from '../../design/banner.tsx'
import { Button } from '../../design/button.tsx'
import { classes } from '../../design/classes.ts'
import { List, ListRow } from '../../design/list-row.tsx'
import { TextField } from '../../design/text-field.tsx'
import { CheckCircleIcon, CircleIcon, ProblemIcon, WarningIcon } from '../../icons/icons.tsx'
import { useBridge } from '../../state/window-state.tsx'
import styles from './add-machine.module.css'
import type { SocketTest } from './socket-test.ts'

export function BySocket({ test }: { readonly test: SocketTest }): ReactElement {
  const bridge = useBridge()
  const [over, setOver] = useState(false)
  const canDrop = bridge.host === 'desktop'
  const drop = (event: DragEvent): void => {
    event.preventDefault()
    setOver(false)
    const file = event.dataTransfer.files[0]
    const path = file === undefined ? null : bridge.pathOfFile(file)
    if (path !== null) test.setPath(path)
  }
  return (
    <section
      className={classes(styles.drop, over && styles.over)}
      aria-label="Socket"
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <div className={styles.line}>
        <div className={styles.grow}>
          <TextField
            label="Socket path, or HOST:PORT"
            mono
            autoFocus
            value={test.path}
            onChange={test.setPath}
            onSubmit={test.whyNot === null ? test.add : test.testNow}
            placeholder="/home/ann/.qmp/debian.sock"
            error={test.pathError}
            testId="socket-path"
            {...(canDrop ? { hint: 'A socket can also be dropped here.' } : {})}
          />
        </div>
        <div className={styles.atField}>
          <Button onPress={test.testNow} disabledReason={test.path.trim() === '' ? 'Enter a path first' : null}>
            Test
          </Button>
        </div>
      </div>
      <TextField
        label="Guest agent socket (optional)"
        mono
        value={test.agent}
        onChange={test.setAgent}
        onSubmit={test.whyNot === null ? test.add : test.testNow}
        placeholder="/home/ann/.qmp/debian-agent.sock"
        hint="Only needed when Floe doesn’t find it in the start command"
        error={test.agentError}
        testId="agent-path"
      />
      <TextField label="Name (optional)" value={test.name} onChange={test.setName} onSubmit={test.add} />
      <div aria-live="polite">
        {test.testing ? <p className={styles.note}>Testing the socket…</p> : null}
        {test.lines === null ? null : <ProbeList lines={test.lines} />}
      </div>
      {test.problem === null ? null : (
        <Banner code={test.problem.code} tone="problem" title={describeProblem(test.problem).title}>
          {describeProblem(test.problem).body}
        </Banner>
      )}
    </section>
  )
}

const looks = {
  ok: { Icon: CheckCircleIcon, tone: 'ok', name: 'Passed' },
  warning: { Icon: WarningIcon, tone: 'warning', name: 'Warning' },
  failed: { Icon: ProblemIcon, tone: 'problem', name: 'Failed' },
  skipped: { Icon: CircleIcon, tone: 'plain', name: 'Skipped' },
} as const

function ProbeList({ lines }: { readonly lines: readonly ProbeLine[] }): ReactElement {
  return (
    <List label="Test result">
      {lines.map((line) => {
        const { Icon, tone, name } = looks[line.result]
        return (
          <ListRow
            key={line.check}
            testId={`probe-${line.check}`}
            icon={<Icon name={name} />}
            tone={tone}
            title={line.text}
            detail={line.fix}
          />
        )
      })}
    </List>
  )
}
