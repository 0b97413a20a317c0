// "Am I safe?" for all machines at once: last good restore points, what runs now, what needs a person (ux.md S1).
import type { ReactElement, ReactNode } from 'react'
import type { Machine } from '../../../../shared/domain/machine.ts'
import { isReachable } from '../../../../shared/text/machine-words.ts'
import { Page } from '../../app/page.tsx'
import { Button } from '../../design/button.tsx'
import { backUpInput } from '../../state/back-up.ts'
import { destinationFor, useDestinations, useMachines, useOtherMachines, useSettings } from '../../state/selectors.ts'
import { useActions, useNow, useTopic, useUi, useUiActions } from '../../state/window-state.tsx'
import { MachineTable } from './machine-table.tsx'
import { NeedsYou } from './needs-you.tsx'
import styles from './overview.module.css'
import { RunningNow } from './running-now.tsx'

export interface OverviewPageProps {
  /** Shown instead of the table while no machine is known. */
  readonly whenEmpty: ReactNode
  /** Shown above the table: the first steps, the demo machine. */
  readonly above: ReactNode
}

const day = 86_400_000

export function OverviewPage({ whenEmpty, above }: OverviewPageProps): ReactElement {
  const machines = useMachines()
  const others = useOtherMachines()
  const { loaded } = useTopic('machines')
  const search = useUi((state) => state.search)
  const now = useNow(30_000)

  if (loaded && machines.length === 0) {
    return (
      <Page title="Overview" subtitle={others.length === 0 ? 'No machines yet' : 'No QEMU machine yet'}>
        {whenEmpty}
      </Page>
    )
  }
  const safe = machines.filter((machine) => isSafe(machine, now)).length
  const shown = machines.filter((machine) => machine.name.toLowerCase().includes(search.trim().toLowerCase()))
  return (
    <Page title="Overview" subtitle={subtitleOf(machines, loaded)} actions={<BackUpAll machines={machines} />}>
      {loaded ? (
        <p className={styles.headline} data-testid="overview-headline">
          {headline(safe, machines.length)}
        </p>
      ) : null}
      {above}
      <NeedsYou />
      <RunningNow />
      {shown.length === 0 && loaded ? (
        <p className={styles.none}>No machine is called “{search}”.</p>
      ) : (
        <MachineTable machines={shown} now={now} />
      )}
    </Page>
  )
}

function isSafe(machine: Machine, now: number): boolean {
  return machine.lastGoodPoint !== null && now - Date.parse(machine.lastGoodPoint.createdAt) < day
}

function headline(safe: number, all: number): string {
  if (all === 1) {
    return safe === 1
      ? 'Your machine has a good restore point from the last 24 hours'
      : 'Your machine has no restore point from the last 24 hours'
  }
  return `${safe} of ${all} machines have a good restore point from the last 24 hours`
}

function subtitleOf(machines: readonly Machine[], loaded: boolean): string {
  if (!loaded) return 'Checking…'
  const running = machines.filter(isReachable).length
  const count = `${machines.length} ${machines.length === 1 ? 'machine' : 'machines'}`
  return running === 0 ? `${count} · No machine is running` : `${count} · ${running} running`
}

function BackUpAll({ machines }: { readonly machines: readonly Machine[] }): ReactElement {
  const actions = useActions()
  const ui = useUiActions()
  const settings = useSettings()
  const known = useDestinations()
  const able = machines.filter(isReachable)
  const backUpAll = async (): Promise<void> => {
    if (known.length === 0) {
      ui.openSheet({ kind: 'add-destination', path: null })
      return
    }
    for (const machine of able) {
      const destination = destinationFor(machine.id, settings, known)
      await actions.run('backup.start', backUpInput(machine.id, settings, destination))
    }
  }
  return (
    <Button
      onPress={() => void backUpAll()}
      disabledReason={able.length === 0 ? 'No machine is running that Floe can reach' : null}
      testId="back-up-all"
    >
      Back Up All
    </Button>
  )
}
