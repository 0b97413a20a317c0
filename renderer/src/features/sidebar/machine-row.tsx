// A machine in the sidebar: its name and the one thing to know about it.
import { type ReactElement, useRef, useState } from 'react'
import type { Machine } from '../../../../shared/domain/machine.ts'
import { machineTrailing } from '../../../../shared/text/machine-words.ts'
import { classes } from '../../design/classes.ts'
import { Ring } from '../../design/ring.tsx'
import { MachineIcon, ProblemIcon, UnplugIcon, WarningIcon } from '../../icons/icons.tsx'
import { useActiveJobs } from '../../state/selectors.ts'
import { useNow, useUi, useUiActions } from '../../state/window-state.tsx'
import { MachineMenu } from './machine-menu.tsx'
import { SideRow } from './side-row.tsx'
import styles from './sidebar.module.css'

export interface MachineRowProps {
  readonly machine: Machine
  /** A problem of this machine waits in the activity list. */
  readonly troubled: boolean
}

export function MachineRow({ machine, troubled }: MachineRowProps): ReactElement {
  const ui = useUiActions()
  const row = useRef<HTMLDivElement>(null)
  const [menuOpen, setMenuOpen] = useState(false)
  const jobs = useActiveJobs()
  const now = useNow(30_000)
  const selected = useUi((state) => state.view.kind === 'machine' && state.view.machineId === machine.id)
  const usual = machineTrailing(machine, jobs, new Date(now))
  const idle = usual.icon !== 'ring' && !jobs.some((job) => job.machineId === machine.id)
  const trailing =
    troubled && idle && usual.tone !== 'problem'
      ? { text: '', tone: 'problem' as const, icon: 'problem' as const, fraction: null, spoken: 'needs attention' }
      : usual
  return (
    <>
      <SideRow
        ref={row}
        onContextMenu={() => setMenuOpen(true)}
        testId={`side-machine-${machine.id}`}
        icon={<MachineIcon />}
        label={machine.name}
        spoken={machine.origin === 'demo' ? `demo, ${trailing.spoken}` : trailing.spoken}
        quiet={machine.state.kind === 'off' || machine.state.kind === 'not-qemu' || machine.state.kind === 'unplugged'}
        selected={selected}
        onOpen={() => ui.show({ kind: 'machine', machineId: machine.id })}
        trailing={
          <span className={classes(styles.trailing, styles[trailing.tone])}>
            {trailing.text}
            {trailing.icon === 'ring' ? <Ring fraction={trailing.fraction ?? 0} /> : null}
            {trailing.icon === 'warning' ? <WarningIcon small /> : null}
            {trailing.icon === 'problem' ? <ProblemIcon small /> : null}
            {trailing.icon === 'unplugged' ? <UnplugIcon small /> : null}
          </span>
        }
      />
      <MachineMenu machine={machine} triggerRef={row} open={menuOpen} onOpenChange={setMenuOpen} />
    </>
  )
}
