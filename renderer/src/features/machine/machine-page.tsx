// A machine's page (ux.md S2): what keeps Floe away, "am I safe?", what runs, and the restore points.
import type { ReactElement, ReactNode } from 'react'
import type { MachineId } from '../../../../shared/domain/ids.ts'
import type { Machine } from '../../../../shared/domain/machine.ts'
import { Page } from '../../app/page.tsx'
import { EmptyState } from '../../design/empty-state.tsx'
import { MachineIcon } from '../../icons/icons.tsx'
import { useNextBackup } from '../../state/next-backup.ts'
import { useMachine } from '../../state/selectors.ts'
import { useTopic } from '../../state/window-state.tsx'
import { MachineActions } from './machine-actions.tsx'
import { MachineBanner } from './machine-banner.tsx'
import { MachineSubtitle } from './machine-subtitle.tsx'
import { StatusStrip } from './status-strip.tsx'

export interface MachinePageProps {
  readonly machineId: MachineId
  /** Cards of the machine's jobs; features do not know each other, so the window brings them. */
  readonly jobs: ReactNode
  readonly points: (machine: Machine) => ReactNode
}

export function MachinePage({ machineId, jobs, points }: MachinePageProps): ReactElement {
  const machine = useMachine(machineId)
  const { loaded } = useTopic('machines')
  const next = useNextBackup(machine)
  if (machine === null) return <NoMachine loaded={loaded} />
  const foreign = machine.state.kind === 'not-qemu'
  return (
    <Page
      title={machine.name}
      subtitle={<MachineSubtitle machine={machine} />}
      inspector
      searchable={!foreign}
      {...(foreign ? {} : { actions: <MachineActions machine={machine} next={next} /> })}
    >
      <MachineBanner machine={machine} />
      {foreign ? null : (
        <>
          <StatusStrip machine={machine} next={next} />
          {jobs}
          {points(machine)}
        </>
      )}
    </Page>
  )
}

function NoMachine({ loaded }: { readonly loaded: boolean }): ReactElement {
  return (
    <Page title="Machine" searchable={false}>
      {loaded ? (
        <EmptyState name="machine" icon={MachineIcon} title="This machine isn’t in the list any more">
          Its restore points stay on their destination. Select another machine on the left.
        </EmptyState>
      ) : (
        <p role="status">Looking for the machine…</p>
      )}
    </Page>
  )
}
