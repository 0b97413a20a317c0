// The sidebar: pages, machines with what matters about them, destinations, and the Add menu. One tab stop, arrow keys inside.
import { type DragEvent, type ReactElement, useState } from 'react'
import type { Activity } from '../../../../shared/domain/activity.ts'
import { IconButton } from '../../design/icon-button.tsx'
import {
  ActivityIcon,
  ChevronDownIcon,
  ChevronRightIcon,
  OverviewIcon,
  PlusIcon,
  SidebarIcon,
} from '../../icons/icons.tsx'
import { useDestinations, useMachines, useOpenProblems, useOtherMachines } from '../../state/selectors.ts'
import { useBridge, useTopic, useUi, useUiActions } from '../../state/window-state.tsx'
import { AddMenu } from './add-menu.tsx'
import { DestinationRow } from './destination-row.tsx'
import { MachineRow } from './machine-row.tsx'
import { SideGroup } from './side-group.tsx'
import { SideRow } from './side-row.tsx'
import styles from './sidebar.module.css'
import { moveInTree } from './tree-keys.ts'

export function Sidebar(): ReactElement {
  const bridge = useBridge()
  const ui = useUiActions()
  const view = useUi((state) => state.view)
  const problems = useOpenProblems()
  const machines = useMachines()
  const destinations = useDestinations()
  const pageIsListed =
    view.kind === 'machine'
      ? machines.some((machine) => machine.id === view.machineId)
      : view.kind !== 'destination' || destinations.some((destination) => destination.id === view.destinationId)
  const [dropping, setDropping] = useState<'machine' | 'destination' | null>(null)

  const dropHandlers = (kind: 'machine' | 'destination') => ({
    onDragOver: (event: DragEvent) => {
      event.preventDefault()
      event.stopPropagation()
      setDropping(kind)
    },
    onDragLeave: () => setDropping(null),
    onDrop: (event: DragEvent) => {
      event.preventDefault()
      event.stopPropagation()
      setDropping(null)
      const file = event.dataTransfer.files[0]
      const path = file === undefined ? null : bridge.pathOfFile(file)
      ui.openSheet({ kind: kind === 'machine' ? 'add-machine' : 'add-destination', path })
    },
  })

  return (
    <nav className={styles.sidebar} aria-label="Sidebar" data-pane="sidebar" {...dropHandlers('machine')}>
      <div className={styles.top} data-drag>
        <span className={styles.name}>{bridge.host === 'desktop' && bridge.platform === 'darwin' ? '' : 'Floe'}</span>
        <IconButton label="Hide Sidebar" icon={<SidebarIcon />} onPress={ui.toggleSidebar} />
      </div>
      <div className={styles.tree} role="tree" aria-label="Machines and destinations" onKeyDown={moveInTree}>
        <SideRow
          testId="side-overview"
          icon={<OverviewIcon />}
          label="Overview"
          selected={view.kind === 'overview'}
          tabStop={!pageIsListed}
          onOpen={() => ui.show({ kind: 'overview' })}
        />
        <SideRow
          testId="side-activity"
          icon={<ActivityIcon />}
          label="Activity"
          spoken={problems.length === 0 ? null : `${problems.length} ${problems.length === 1 ? 'problem' : 'problems'}`}
          selected={view.kind === 'activity'}
          onOpen={() => ui.show({ kind: 'activity' })}
          trailing={problems.length === 0 ? null : <span className={styles.badge}>{problems.length}</span>}
        />
        <Machines problems={problems} dropping={dropping === 'machine'} />
        <OtherMachines problems={problems} />
        <SideGroup label="Destinations" dropping={dropping === 'destination'} {...dropHandlers('destination')}>
          <Destinations />
        </SideGroup>
      </div>
      <Footer />
    </nav>
  )
}

function Machines(props: { readonly problems: readonly Activity[]; readonly dropping: boolean }): ReactElement {
  const machines = useMachines()
  return (
    <SideGroup label="Machines" dropping={props.dropping}>
      <div className={styles.heading} aria-hidden="true">
        Machines
      </div>
      {machines.map((machine) => (
        <MachineRow
          key={machine.id}
          machine={machine}
          troubled={props.problems.some((line) => line.machineId === machine.id)}
        />
      ))}
      {machines.length === 0 ? <p className={styles.hint}>Looking for machines…</p> : null}
    </SideGroup>
  )
}

function OtherMachines({ problems }: { readonly problems: readonly Activity[] }): ReactElement | null {
  const ui = useUiActions()
  const others = useOtherMachines()
  const open = useUi((state) => state.othersOpen)
  if (others.length === 0) return null
  return (
    <SideGroup label="Other machines">
      <SideRow
        testId="side-others"
        icon={open ? <ChevronDownIcon /> : <ChevronRightIcon />}
        label="Other machines"
        expanded={open}
        quiet
        onOpen={ui.toggleOthers}
        trailing={<span className={styles.trailing}>{others.length}</span>}
      />
      {open
        ? others.map((machine) => (
            <MachineRow
              key={machine.id}
              machine={machine}
              troubled={problems.some((line) => line.machineId === machine.id)}
            />
          ))
        : null}
    </SideGroup>
  )
}

function Destinations(): ReactElement {
  const ui = useUiActions()
  const destinations = useDestinations()
  const { loaded } = useTopic('destinations')
  return (
    <>
      <div className={styles.heading} aria-hidden="true">
        Destinations
      </div>
      {destinations.map((destination) => (
        <DestinationRow key={destination.id} destination={destination} />
      ))}
      {loaded && destinations.length === 0 ? (
        <SideRow
          testId="side-add-destination"
          icon={<PlusIcon />}
          label="Add a destination…"
          quiet
          action
          onOpen={() => ui.openSheet({ kind: 'add-destination', path: null })}
        />
      ) : null}
    </>
  )
}

function Footer(): ReactElement {
  const machines = useMachines()
  const count = machines.length
  return (
    <div className={styles.footer}>
      <AddMenu />
      <span className={styles.count}>{count === 0 ? '' : `${count} ${count === 1 ? 'machine' : 'machines'}`}</span>
    </div>
  )
}
