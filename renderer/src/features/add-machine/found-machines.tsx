// What discovery found, with the way to help where Floe cannot reach it.
import { type ReactElement, useState } from 'react'
import type { Machine } from '../../../../shared/domain/machine.ts'
import { canBackUp, machineBanner, machineSubtitle } from '../../../../shared/text/machine-words.ts'
import { Banner } from '../../design/banner.tsx'
import { Button } from '../../design/button.tsx'
import { CodeBlock } from '../../design/code-block.tsx'
import { List, ListRow } from '../../design/list-row.tsx'
import { StatusText } from '../../design/status-text.tsx'
import { CheckIcon, MachineIcon } from '../../icons/icons.tsx'
import { useMachines, useOtherMachines } from '../../state/selectors.ts'
import { useActions, useUiActions } from '../../state/window-state.tsx'
import styles from './add-machine.module.css'

export function FoundMachines(): ReactElement {
  const actions = useActions()
  const machines = [...useMachines(), ...useOtherMachines()]
  return (
    <>
      {machines.length === 0 ? (
        <p className={styles.note}>
          No machine is running that Floe can see. It looks again every few seconds; a machine with a QMP socket appears
          here by itself.
        </p>
      ) : (
        <List label="Machines found">
          {machines.map((machine) => (
            <FoundRow key={machine.id} machine={machine} />
          ))}
        </List>
      )}
      <div>
        <Button size="small" onPress={() => void actions.run('machines.refresh', {})}>
          Look Again
        </Button>
      </div>
    </>
  )
}

function FoundRow({ machine }: { readonly machine: Machine }): ReactElement {
  const [open, setOpen] = useState(false)
  const help = machineBanner(machine)
  const facts = [
    machine.pid === null ? null : `pid ${machine.pid}`,
    machine.launcher,
    machine.startedBy,
    machineSubtitle(machine, { now: new Date() }),
  ].filter((part) => part !== null)
  return (
    <ListRow
      testId={`found-${machine.id}`}
      icon={<MachineIcon />}
      tone="accent"
      title={<bdi>{machine.name}</bdi>}
      detail={
        <>
          {facts.join(' · ')}
          {open && help !== null ? (
            <div className={styles.help}>
              <Banner code={help.code} tone={help.tone} title={help.title}>
                {help.body}
              </Banner>
              {help.snippet === null ? null : <CodeBlock code={help.snippet} label="the text to use" wrap />}
            </div>
          ) : null}
        </>
      }
      trailing={
        help !== null && !canBackUp(machine) ? (
          <Button size="small" onPress={() => setOpen(!open)} label={`${machine.name}: why, and how to fix it`}>
            {open ? 'Hide' : machine.state.kind === 'not-qemu' ? 'Why?' : 'How to Fix'}
          </Button>
        ) : (
          <AddFound machine={machine} />
        )
      }
    />
  )
}

/** Found machines are in the sidebar already; adding keeps them there while they are off. */
function AddFound({ machine }: { readonly machine: Machine }): ReactElement {
  const actions = useActions()
  const ui = useUiActions()
  const [busy, setBusy] = useState(false)
  const { endpoint } = machine
  if (machine.origin !== 'found' || endpoint === null) {
    return (
      <StatusText tone="ok" icon={<CheckIcon small />}>
        Added
      </StatusText>
    )
  }
  return (
    <Button
      size="small"
      busy={busy}
      label={`Add ${machine.name}`}
      onPress={() => {
        setBusy(true)
        const qmp = endpoint.kind === 'unix' ? endpoint.path : `${endpoint.host}:${endpoint.port}`
        void actions.run('machines.add', { qmp, agent: machine.agentPath, name: machine.name }).then((added) => {
          setBusy(false)
          ui.closeSheet()
          if (added !== null) ui.show({ kind: 'machine', machineId: added.id })
        })
      }}
    >
      Add
    </Button>
  )
}
