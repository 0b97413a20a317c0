// Images that a restore replaced and kept. Floe never deletes them by itself (ux.md S8).
import type { ReactElement } from 'react'
import type { MachineId } from '../../../../shared/domain/ids.ts'
import type { Restore } from '../../../../shared/domain/restore.ts'
import { formatBytes } from '../../../../shared/format/bytes.ts'
import { formatTitle } from '../../../../shared/format/dates.ts'
import { Button } from '../../design/button.tsx'
import { Group } from '../../design/key-value-group.tsx'
import { useRestores } from '../../state/selectors.ts'
import { useActions, useHost, useUiActions } from '../../state/window-state.tsx'
import { useWordStyle, type WordStyle } from '../../state/words.ts'
import styles from './inspector.module.css'

export function UndoCopies({ machineId }: { readonly machineId: MachineId }): ReactElement | null {
  const restores = useRestores(machineId)
  const style = useWordStyle()
  if (restores.length === 0) return null
  return (
    <Group label="Undo copies">
      {restores.map((restore) => (
        <UndoCopy key={restore.id} restore={restore} style={style} />
      ))}
    </Group>
  )
}

function UndoCopy({ restore, style }: { readonly restore: Restore; readonly style: WordStyle }): ReactElement {
  const ui = useUiActions()
  const actions = useActions()
  const canShow = useHost()?.can.showInFolder ?? false
  const first = restore.disks[0]
  const bytes = restore.disks.reduce((sum, disk) => sum + disk.undoSize, 0)
  const stuck = restore.state.kind === 'stuck'
  const undoable = restore.undoable && restore.state.kind === 'done'
  const when = formatTitle(restore.createdAt, style)
  return (
    <div className={styles.block} data-testid={`restore-${restore.id}`}>
      <div className={stuck ? styles.problem : styles.headline}>
        {restore.undoes === null ? `Restored ${when}` : `Restore undone ${when}`}
      </div>
      <div className={styles.quiet}>{stateSentence(restore, formatBytes(bytes, style.units))}</div>
      <div className={styles.row}>
        {undoable ? (
          <Button
            size="small"
            label={`Undo the restore of ${when}`}
            onPress={() => ui.openSheet({ kind: 'undo-restore', restoreId: restore.id })}
          >
            Undo…
          </Button>
        ) : null}
        {canShow && first !== undefined && restore.undoable ? (
          <Button
            size="small"
            label={`Show the undo copy of ${when}`}
            onPress={() => void actions.run('host.showInFolder', { path: first.undoPath })}
          >
            Show
          </Button>
        ) : null}
      </div>
    </div>
  )
}

function stateSentence(restore: Restore, bytes: string): string {
  switch (restore.state.kind) {
    case 'done':
      return restore.undoable
        ? `${bytes} beside the images.`
        : 'The undo copy was moved, changed or deleted, so this can’t be undone any more.'
    case 'undone':
      return 'Undone since.'
    case 'rolled-back':
    case 'stuck':
      return restore.state.text
  }
}
