// The third column with its tabs. Beside the page in a wide window, over it in a narrow one.
import type { ReactElement } from 'react'
import type { MachineId } from '../../../shared/domain/ids.ts'
import { SegmentedControl } from '../design/segmented-control.tsx'
import { Inspector, useInspectorTab } from '../features/inspector/inspector.tsx'
import type { View } from '../state/ui.ts'
import { useUi, useUiActions } from '../state/window-state.tsx'
import styles from './inspector-column.module.css'

export function pageHasInspector(view: View): boolean {
  return view.kind === 'machine'
}

export function InspectorColumn({ machineId }: { readonly machineId: MachineId }): ReactElement {
  const ui = useUiActions()
  const tab = useInspectorTab(machineId)
  const narrow = useUi((state) => state.narrow)
  const nothingSelected = useUi((state) => state.selectedPoints.length === 0)
  return (
    <aside
      className={styles.column}
      aria-label="Inspector"
      data-pane="inspector"
      onKeyDown={(event) => {
        if (narrow && event.key === 'Escape') ui.toggleInspector()
      }}
    >
      <div className={styles.bar} data-drag>
        <SegmentedControl
          label="Inspector"
          value={tab}
          onChange={ui.showInspectorTab}
          choices={[
            { value: 'details', label: 'Details', disabled: nothingSelected },
            { value: 'machine', label: 'Machine' },
          ]}
        />
      </div>
      <div className={styles.body}>
        <Inspector machineId={machineId} />
      </div>
    </aside>
  )
}
