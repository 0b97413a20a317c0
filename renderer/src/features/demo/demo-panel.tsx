// The demo machine on the overview: the number it has counted to, big, so that a restore visibly turns it back.
import type { ReactElement, ReactNode } from 'react'
import type { Demo } from '../../../../shared/domain/demo.ts'
import { Button } from '../../design/button.tsx'
import { Card } from '../../design/card.tsx'
import { Chip } from '../../design/chip.tsx'
import { CodeBlock } from '../../design/code-block.tsx'
import { useDemo } from '../../state/selectors.ts'
import { useActions, useUiActions } from '../../state/window-state.tsx'
import styles from './demo.module.css'

/** Renders nothing while there is no demo machine. */
export function DemoPanel(): ReactElement | null {
  const demo = useDemo()
  if (demo === null || demo.state.kind === 'none') return null
  return (
    <Card label="Demo machine" testId="demo-panel" tone={demo.state.kind === 'failed' ? 'problem' : 'plain'}>
      <div className={styles.head}>
        <Chip tone="accent">Demo</Chip>
        <span className={styles.state}>{stateWords(demo)}</span>
        <span className={styles.space} />
        <DemoButtons demo={demo} />
      </div>
      <DemoBody demo={demo} />
    </Card>
  )
}

function stateWords(demo: Demo): string {
  switch (demo.state.kind) {
    case 'starting':
      return 'Starting…'
    case 'running':
      return 'Running'
    case 'off':
      return 'Off'
    case 'failed':
      return 'Stopped by a problem'
    case 'unavailable':
      return 'QEMU isn’t installed'
    case 'none':
      return ''
  }
}

function DemoBody({ demo }: { readonly demo: Demo }): ReactNode {
  const { state, counter } = demo
  if (state.kind === 'failed') return <p className={styles.text}>{state.text}</p>
  if (state.kind === 'unavailable') {
    return (
      <>
        <p className={styles.text}>{state.text}</p>
        {state.command === null ? null : <CodeBlock code={state.command} label="the install command" />}
      </>
    )
  }
  if (counter === null) {
    return (
      <p className={styles.text}>
        {state.kind === 'off' ? 'It has not counted yet.' : 'It starts to count in a few seconds.'}
      </p>
    )
  }
  return (
    <>
      <p className={styles.sentence} data-testid="demo-counter">
        The demo machine has counted to{' '}
        <span className={styles.number}>{new Intl.NumberFormat('en-GB').format(counter)}</span>
      </p>
      <p className={styles.text}>
        {state.kind === 'off'
          ? 'This is the number on its disk. Restore an older point, start it again, and it counts on from there.'
          : 'It writes each number to its disk. Back it up, let it count on, then restore: the number goes back.'}
      </p>
    </>
  )
}

function DemoButtons({ demo }: { readonly demo: Demo }): ReactElement {
  const actions = useActions()
  const ui = useUiActions()
  const { kind } = demo.state
  const { machineId } = demo
  return (
    <>
      <Button size="small" onPress={() => ui.openSheet({ kind: 'remove-demo' })} testId="demo-remove">
        Remove…
      </Button>
      {kind === 'running' || kind === 'starting' ? (
        <Button size="small" onPress={() => void actions.run('demo.stop', {})} testId="demo-stop">
          Turn Off
        </Button>
      ) : (
        <Button size="small" onPress={() => void actions.run('demo.start', {})} testId="demo-start">
          {kind === 'off' ? 'Start' : 'Try Again'}
        </Button>
      )}
      {machineId === null ? null : (
        <Button size="small" onPress={() => ui.show({ kind: 'machine', machineId })} testId="demo-show">
          Show Machine
        </Button>
      )}
    </>
  )
}
