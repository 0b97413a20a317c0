// The Details tab while several restore points are selected: how many, and what deleting them frees.
import type { ReactElement } from 'react'
import type { Point } from '../../../../shared/domain/point.ts'
import { formatBytes } from '../../../../shared/format/bytes.ts'
import { formatTitle } from '../../../../shared/format/dates.ts'
import { consistencyCounts } from '../../../../shared/text/consistency-words.ts'
import { isDamaged } from '../../../../shared/text/point-words.ts'
import { Button } from '../../design/button.tsx'
import { KeyValueGroup } from '../../design/key-value-group.tsx'
import { TrashIcon, VerifyIcon } from '../../icons/icons.tsx'
import { useDeletePreview } from '../../state/delete-preview.ts'
import { useUiActions } from '../../state/window-state.tsx'
import { useWordStyle } from '../../state/words.ts'
import styles from './inspector.module.css'

export function SeveralPoints({ points }: { readonly points: readonly Point[] }): ReactElement {
  const style = useWordStyle()
  const ui = useUiActions()
  const adds = points.reduce((sum, point) => sum + point.adds, 0)
  const damaged = points.filter(isDamaged).length
  const absent = points.some((point) => !point.available) ? 'Some of them are on a drive that isn’t connected' : null
  const sorted = points.toSorted((one, other) => one.createdAt.localeCompare(other.createdAt))
  const ids = points.map((point) => point.id)
  const deletion = useDeletePreview(ids)
  const freed = deletion.kind === 'ready' ? formatBytes(deletion.preview.freedBytes, style.units) : '–'
  const edge = (point: Point | undefined) => (point === undefined ? '–' : formatTitle(point.createdAt, style))
  return (
    <>
      <div>
        <h2 className={styles.title}>{points.length} restore points</h2>
        <p className={styles.sub}>{points[0]?.machineName}</p>
      </div>
      <div className={styles.row}>
        <Button
          icon={<VerifyIcon />}
          disabledReason={absent}
          onPress={() => ui.openSheet({ kind: 'verify', pointIds: ids })}
        >
          Verify…
        </Button>
        <Button
          icon={<TrashIcon />}
          disabledReason={absent}
          onPress={() => ui.openSheet({ kind: 'delete-points', pointIds: ids })}
        >
          Delete…
        </Button>
      </div>
      <KeyValueGroup
        label="Selected"
        items={[
          { key: 'Newest', value: edge(sorted.at(-1)) },
          { key: 'Oldest', value: edge(sorted[0]) },
          { key: 'Consistency', value: consistencyCounts(points) },
          { key: 'Added together', value: formatBytes(adds, style.units) },
          { key: 'Freed if deleted', value: freed },
          ...(damaged === 0 ? [] : [{ key: 'Damaged', value: String(damaged), tone: 'problem' as const }]),
        ]}
      />
    </>
  )
}
