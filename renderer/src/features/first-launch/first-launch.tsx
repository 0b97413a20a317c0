// The page of a first start: no machine known yet. Says what to do, and what Floe has looked at (ux.md S16).
import { type ReactElement, type ReactNode, useEffect, useState } from 'react'
import type { Discovery } from '../../../../shared/ipc/contract.ts'
import { Button } from '../../design/button.tsx'
import { CodeBlock } from '../../design/code-block.tsx'
import { EmptyState } from '../../design/empty-state.tsx'
import { MachineIcon } from '../../icons/icons.tsx'
import { useDemo } from '../../state/selectors.ts'
import { useActions, useUiActions } from '../../state/window-state.tsx'
import { checkedWords } from './checked-words.ts'
import styles from './first-launch.module.css'

const qmpOption = '-qmp unix:$HOME/.qmp/debian.sock,server=on,wait=off'

/** `below`: the first steps, which the overview shows too. */
export function FirstLaunch({ below }: { readonly below: ReactNode }): ReactElement {
  const ui = useUiActions()
  return (
    <EmptyState
      name="first"
      icon={MachineIcon}
      title="No running QEMU machine found"
      actions={
        <>
          <DemoButton />
          <Button onPress={() => ui.openSheet({ kind: 'add-machine', path: null })}>Add Machine…</Button>
        </>
      }
      footer={
        <>
          <p className={styles.small}>Or create the folder ~/.qmp, then add this option to your start script:</p>
          <CodeBlock code={qmpOption} label="the -qmp option" />
          <Checked />
          <div className={styles.below}>{below}</div>
        </>
      }
    >
      Start a machine with a QMP socket and it appears here by itself. Your machine keeps running while it is backed up.
    </EmptyState>
  )
}

function DemoButton(): ReactElement {
  const actions = useActions()
  const demo = useDemo()
  const state = demo?.state
  return (
    <Button
      variant="primary"
      testId="demo-start"
      busy={state?.kind === 'starting'}
      disabledReason={state?.kind === 'unavailable' ? state.text : null}
      onPress={() => void actions.run('demo.start', {})}
    >
      {state?.kind === 'starting' ? 'Starting the Demo Machine…' : 'Try a Demo Machine'}
    </Button>
  )
}

/** What discovery looked at; looks again on request. */
function Checked(): ReactElement {
  const actions = useActions()
  const [discovery, setDiscovery] = useState<Discovery | null>(null)
  const [open, setOpen] = useState(false)
  useEffect(() => {
    let gone = false
    void actions.ask('machines.refresh', {}).then((result) => {
      if (!gone && result.ok) setDiscovery(result.value)
    })
    return () => {
      gone = true
    }
  }, [actions])
  if (discovery === null) return <p className={styles.small}>Looking for machines…</p>
  return (
    <div className={styles.checked}>
      <p className={styles.small} data-testid="checked">
        {checkedWords(discovery)}{' '}
        <Button variant="plain" size="small" onPress={() => setOpen(!open)}>
          {open ? 'Hide Details' : 'Details'}
        </Button>
      </p>
      {open ? (
        <ul className={styles.folders}>
          {discovery.foldersChecked.map((folder) => (
            <li key={folder}>
              <code>{folder}</code>
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  )
}
