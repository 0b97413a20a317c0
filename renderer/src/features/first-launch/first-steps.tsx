// Three rows that tick themselves: machine found, destination chosen, first backup done.
import type { ReactElement } from 'react'
import type { Machine } from '../../../../shared/domain/machine.ts'
import { formatMoment } from '../../../../shared/format/dates.ts'
import { isReachable } from '../../../../shared/text/machine-words.ts'
import { Button } from '../../design/button.tsx'
import { List, ListRow } from '../../design/list-row.tsx'
import { CheckCircleIcon, CircleIcon } from '../../icons/icons.tsx'
import { useActiveJobs, useDestinations, useMachines, usePoints } from '../../state/selectors.ts'
import { useActions, useTopic, useUi, useUiActions } from '../../state/window-state.tsx'
import styles from './first-launch.module.css'

export interface FirstStepsProps {
  /** Shows a heading with a way to put the steps away for good. */
  readonly skippable: boolean
}

/** Renders nothing once all three are done. */
export function FirstSteps({ skippable }: FirstStepsProps): ReactElement | null {
  const skipped = useUi((state) => state.firstStepsSkipped)
  const machines = useMachines()
  const destinations = useDestinations()
  const points = usePoints(null)
  const jobs = useActiveJobs()
  const { loaded: pointsLoaded } = useTopic('points')
  const ui = useUiActions()
  const first = points.at(-1)
  if (skippable && skipped) return null
  if (!pointsLoaded || (machines.length > 0 && destinations.length > 0 && first !== undefined)) return null
  const backingUp = jobs.some((job) => job.kind === 'backup')
  const steps = (
    <List label="First steps">
      <Step
        id="machine"
        done={machines.length > 0}
        title={machines.length > 0 ? 'Machine found' : 'Find a machine'}
        detail={machines.length > 0 ? namesOf(machines) : 'It appears by itself once it runs with a QMP socket'}
      />
      <Step
        id="destination"
        done={destinations.length > 0}
        title={destinations.length > 0 ? 'Destination chosen' : 'Choose where backups go'}
        detail={destinations.length > 0 ? namesOf(destinations) : 'A drive or folder, best on another disk'}
        button={
          <Button size="small" onPress={() => ui.openSheet({ kind: 'add-destination', path: null })}>
            Choose…
          </Button>
        }
      />
      <Step
        id="backup"
        done={first !== undefined}
        title={first === undefined ? 'Make the first backup' : 'First backup done'}
        detail={
          first === undefined
            ? backingUp
              ? 'It is being copied right now'
              : 'The machine keeps running meanwhile'
            : `${first.machineName}, ${formatMoment(first.createdAt, { now: new Date() })}`
        }
        button={backingUp ? null : <FirstBackupButton machines={machines} ready={destinations.length > 0} />}
      />
    </List>
  )
  if (!skippable) return steps
  return (
    <section aria-label="First steps">
      <div className={styles.head}>
        <h2 className={styles.heading}>First Steps</h2>
        <Button variant="plain" size="small" onPress={ui.skipFirstSteps} testId="skip-steps">
          Skip
        </Button>
      </div>
      {steps}
    </section>
  )
}

function FirstBackupButton(props: { readonly machines: readonly Machine[]; readonly ready: boolean }): ReactElement {
  const actions = useActions()
  const ui = useUiActions()
  const machine = props.machines.find(isReachable)
  const reason =
    machine === undefined ? 'No machine is running yet' : props.ready ? null : 'Choose where backups go first'
  return (
    <Button
      size="small"
      variant="primary"
      disabledReason={reason}
      testId="first-backup"
      onPress={() => {
        if (machine === undefined) return
        ui.show({ kind: 'machine', machineId: machine.id })
        void actions.run('backup.start', {
          machineId: machine.id,
          destinationId: null,
          diskIds: null,
          limit: null,
          check: true,
        })
      }}
    >
      Back Up Now
    </Button>
  )
}

interface StepProps {
  readonly id: string
  readonly done: boolean
  readonly title: string
  readonly detail: string
  readonly button?: ReactElement | null
}

function Step({ id, done, title, detail, button }: StepProps): ReactElement {
  return (
    <ListRow
      testId={`step-${id}`}
      icon={done ? <CheckCircleIcon name="Done" /> : <CircleIcon name="Not done yet" />}
      tone={done ? 'ok' : 'plain'}
      title={title}
      detail={detail}
      trailing={done ? null : button}
    />
  )
}

function namesOf(items: readonly { readonly name: string }[]): string {
  const [first, ...rest] = items
  if (first === undefined) return ''
  return rest.length === 0 ? first.name : `${first.name} and ${rest.length} more`
}
