// The pane right of a machine's page: the selected restore point, or the machine itself when none is selected.
import type { ReactElement } from 'react'
import type { MachineId } from '../../../../shared/domain/ids.ts'
import { useMachine, usePoints } from '../../state/selectors.ts'
import { useUi } from '../../state/window-state.tsx'
import styles from './inspector.module.css'
import { MachineDetails } from './machine-details.tsx'
import { PointDetails } from './point-details.tsx'
import { SeveralPoints } from './several-points.tsx'

export interface InspectorProps {
  readonly machineId: MachineId
}

/** Which tab is shown: Details only while something is selected (ux.md S4). */
export function useInspectorTab(machineId: MachineId): 'details' | 'machine' {
  const tab = useUi((state) => state.inspectorTab)
  const selected = useUi((state) => state.selectedPoints)
  const points = usePoints(machineId)
  const any = points.some((point) => selected.includes(point.id))
  return any ? tab : 'machine'
}

export function Inspector({ machineId }: InspectorProps): ReactElement | null {
  const machine = useMachine(machineId)
  const selected = useUi((state) => state.selectedPoints)
  const points = usePoints(machineId).filter((point) => selected.includes(point.id))
  const tab = useInspectorTab(machineId)
  const [only] = points
  if (machine === null) return null
  return (
    <div className={styles.inspector} data-testid="inspector">
      {tab === 'machine' || only === undefined ? (
        <MachineDetails machine={machine} />
      ) : points.length === 1 ? (
        <PointDetails point={only} />
      ) : (
        <SeveralPoints points={points} />
      )}
    </div>
  )
}
