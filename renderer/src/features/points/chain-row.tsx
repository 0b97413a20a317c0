// An earlier chain in one row: from when to when, how many points, what they added together (ux.md S2).
import type { KeyboardEvent, ReactElement } from 'react'
import { formatBytes, formatExactBytes } from '../../../../shared/format/bytes.ts'
import { formatDayRange } from '../../../../shared/format/dates.ts'
import { consistencyCounts } from '../../../../shared/text/consistency-words.ts'
import { verifiedCounts } from '../../../../shared/text/point-words.ts'
import { Chip } from '../../design/chip.tsx'
import { ChevronDownIcon, ChevronRightIcon } from '../../icons/icons.tsx'
import type { WordStyle } from '../../state/words.ts'
import type { Chain } from './chain-model.ts'
import * as roles from './grid-roles.ts'
import { MarkText } from './mark-text.tsx'
import styles from './points-grid.module.css'
import { RailCell } from './rail.tsx'

export interface ChainRowProps {
  readonly chain: Chain
  readonly open: boolean
  readonly rowKey: string
  readonly rowIndex: number
  readonly tabbable: boolean
  readonly style: WordStyle
  readonly onToggle: () => void
  readonly onKeyDown: (event: KeyboardEvent) => void
  readonly onFocus: () => void
}

export function ChainRow(props: ChainRowProps): ReactElement {
  const { chain, open, style } = props
  const { points } = chain
  const [newest, oldest] = [points[0], points.at(-1)]
  if (newest === undefined || oldest === undefined) return <div {...roles.spacer} />
  const days = formatDayRange(oldest.createdAt, newest.createdAt, style)
  const adds = points.reduce((sum, point) => sum + point.adds, 0)
  const fulls = points.filter((point) => point.kind === 'full').length
  const row = {
    ...roles.row(props.rowIndex, 1),
    'aria-expanded': open,
    'aria-label': `Earlier chain, ${days}, ${points.length} points, adds ${formatBytes(adds, style.units)}`,
    tabIndex: props.tabbable ? 0 : -1,
    onClick: props.onToggle,
    onKeyDown: props.onKeyDown,
    onFocus: props.onFocus,
  }
  return (
    <div {...row} data-testid={`chain-${chain.id}`} data-row={props.rowKey} className={styles.row}>
      <RailCell part={{ shape: 'folded', up: false, down: false }} />
      <div {...roles.cell} className={styles.taken}>
        <span className={styles.time}>{days}</span>
        <span className={styles.note}>{points.length} points</span>
      </div>
      <div {...roles.cell}>
        {fulls === 0 ? null : <Chip>Full</Chip>}{' '}
        <span className={styles.quiet}>{fulls === 0 ? points.length : `+ ${points.length - fulls}`}</span>
      </div>
      <div {...roles.cell} className={styles.number} title={formatExactBytes(adds, style.units)}>
        {formatBytes(adds, style.units)}
      </div>
      <div {...roles.cell} className={styles.quiet}>
        {consistencyCounts(points)}
      </div>
      <div {...roles.cell}>
        <MarkText mark={verifiedCounts(points)} />
      </div>
      <div {...roles.cell} className={styles.end}>
        {open ? <ChevronDownIcon small /> : <ChevronRightIcon small />}
      </div>
    </div>
  )
}
