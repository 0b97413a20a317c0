// Whose backups lie here: one row per machine, known here or not.
import type { ReactElement } from 'react'
import type { Destination } from '../../../../shared/domain/destination.ts'
import { formatBytes, type Units } from '../../../../shared/format/bytes.ts'
import { Button } from '../../design/button.tsx'
import { List, ListRow } from '../../design/list-row.tsx'
import { MachineIcon } from '../../icons/icons.tsx'
import { useTopic, useUiActions } from '../../state/window-state.tsx'
import styles from './destination.module.css'

export interface BackupSetsProps {
  readonly destination: Destination
  readonly search: string
  readonly units: Units
}

export function BackupSets({ destination, search, units }: BackupSetsProps): ReactElement {
  const ui = useUiActions()
  const machines = useTopic('machines').byId
  const sets = destination.sets.filter((set) => set.machineName.toLowerCase().includes(search.trim().toLowerCase()))
  return (
    <section aria-label="Backup sets" className={styles.sets}>
      <h2 className={styles.heading}>Backup Sets</h2>
      {sets.length === 0 ? (
        <p className={styles.legend}>
          {destination.sets.length === 0 ? 'No backups here yet.' : `No backup set is called “${search}”.`}
        </p>
      ) : (
        <List label="Machines with backups here">
          {sets.map((set) => (
            <ListRow
              key={set.machineId}
              testId={`set-${set.machineId}`}
              icon={<MachineIcon />}
              tone="accent"
              title={<bdi>{set.machineName}</bdi>}
              detail={`${set.pointCount} ${set.pointCount === 1 ? 'restore point' : 'restore points'} · ${formatBytes(set.bytes, units)}`}
              trailing={
                machines[set.machineId] === undefined ? (
                  <span className={styles.legend}>Not a machine of this computer</span>
                ) : (
                  <Button
                    size="small"
                    label={`Show ${set.machineName}`}
                    onPress={() => ui.show({ kind: 'machine', machineId: set.machineId })}
                  >
                    Show
                  </Button>
                )
              }
            />
          ))}
        </List>
      )}
    </section>
  )
}
