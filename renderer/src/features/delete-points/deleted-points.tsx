// The points that go: when, what kind, what each takes up.
import type { ReactElement } from 'react'
import type { Point } from '../../../../shared/domain/point.ts'
import { formatBytes } from '../../../../shared/format/bytes.ts'
import { formatTitle } from '../../../../shared/format/dates.ts'
import { isDamaged, kindWords } from '../../../../shared/text/point-words.ts'
import { List, ListRow } from '../../design/list-row.tsx'
import type { WordStyle } from '../../state/words.ts'
import styles from './delete-points.module.css'

export function DeletedPoints(props: { readonly points: readonly Point[]; readonly style: WordStyle }): ReactElement {
  const { points, style } = props
  return (
    <div className={styles.list}>
      <List label="Restore points to delete">
        {points.map((point) => (
          <ListRow
            key={point.id}
            title={formatTitle(point.createdAt, style)}
            detail={[kindWords(point), isDamaged(point) ? 'damaged' : null, point.pinned ? 'pinned' : null]
              .filter((part) => part !== null)
              .join(', ')}
            trailing={<span title="Takes up on its destination">{formatBytes(point.bytes, style.units)}</span>}
          />
        ))}
      </List>
    </div>
  )
}
