// One restore point in the grid: when, what kind, what it added, what it is worth.
import type { KeyboardEvent, MouseEvent, ReactElement } from 'react'
import { Button as AriaButton } from 'react-aria-components'
import type { Point } from '../../../../shared/domain/point.ts'
import { formatBytes, formatExactBytes } from '../../../../shared/format/bytes.ts'
import { formatTime } from '../../../../shared/format/dates.ts'
import { consistencyHint, consistencyMark } from '../../../../shared/text/consistency-words.ts'
import { brokenSentence, kindWords, speakPoint, verifiedMark } from '../../../../shared/text/point-words.ts'
import { Chip } from '../../design/chip.tsx'
import { classes } from '../../design/classes.ts'
import { Menu, type MenuAction } from '../../design/menu.tsx'
import { DriveIcon, MoreIcon, PinIcon } from '../../icons/icons.tsx'
import type { WordStyle } from '../../state/words.ts'
import type { RailPart } from './chain-model.ts'
import * as roles from './grid-roles.ts'
import { MarkText } from './mark-text.tsx'
import styles from './points-grid.module.css'
import { RailCell } from './rail.tsx'

export interface PointRowProps {
  readonly point: Point
  /** Row number in the whole grid, counted from 1 with headings. */
  readonly rowIndex: number
  /** 2 inside a chain that can be folded. */
  readonly level: 1 | 2
  readonly rail: RailPart | null
  /** The damaged point it depends on; null when there is none. */
  readonly broken: Point | null
  readonly selected: boolean
  readonly tabbable: boolean
  readonly style: WordStyle
  /** Named when points of several destinations are listed. */
  readonly destination: string | null
  readonly actions: readonly MenuAction[]
  readonly onClick: (event: MouseEvent) => void
  readonly onContextMenu: (event: MouseEvent<HTMLElement>) => void
  readonly onKeyDown: (event: KeyboardEvent) => void
  readonly onFocus: () => void
}

export function PointRow(props: PointRowProps): ReactElement {
  const { point, style, selected } = props
  const spoken = speakPoint(point, style, style.units, props.broken)
  const row = {
    ...roles.row(props.rowIndex, props.level),
    'aria-label': props.destination === null ? spoken : `${spoken}, on ${props.destination}`,
    'aria-selected': selected,
    tabIndex: props.tabbable ? 0 : -1,
    onClick: props.onClick,
    onContextMenu: props.onContextMenu,
    onKeyDown: props.onKeyDown,
    onFocus: props.onFocus,
  }
  return (
    <div
      {...row}
      data-testid={`point-${point.id}`}
      data-row={point.id}
      className={classes(styles.row, selected && styles.selected, !point.available && styles.unavailable)}
    >
      <RailCell part={props.rail} />
      <div {...roles.cell} className={styles.taken}>
        <span className={styles.time}>{formatTime(point.createdAt, style)}</span>
        {props.destination === null ? null : <span className={styles.note}>{props.destination}</span>}
        {point.available ? null : <span className={styles.note}>not connected</span>}
      </div>
      <div {...roles.cell} title={point.kindReason === '' ? undefined : point.kindReason}>
        {point.kind === 'full' ? <Chip>{kindWords(point)}</Chip> : <span className={styles.quiet}>Incremental</span>}
      </div>
      <div {...roles.cell} className={styles.number} title={formatExactBytes(point.adds, style.units)}>
        {formatBytes(point.adds, style.units)}
      </div>
      <Worth point={point} broken={props.broken} style={style} />
      <div {...roles.cell} className={styles.end}>
        {point.pinned ? <PinIcon small name="Pinned" /> : null}
        {selected ? (
          <Menu label="Restore point" actions={props.actions}>
            <AriaButton className={styles.more ?? ''} aria-label="More" excludeFromTabOrder={!props.tabbable}>
              <MoreIcon />
            </AriaButton>
          </Menu>
        ) : point.available ? null : (
          <DriveIcon small />
        )}
      </div>
    </div>
  )
}

/** Consistency and trust; of a point that lies over a damaged one only that it can't be restored. */
function Worth({ point, broken, style }: Pick<PointRowProps, 'point' | 'broken' | 'style'>): ReactElement {
  if (broken !== null) {
    const text = brokenSentence(point, broken, style)
    return (
      <div {...roles.wideCell} className={styles.broken} title={text}>
        <MarkText mark={{ text, tone: 'problem', icon: 'problem' }} />
      </div>
    )
  }
  return (
    <>
      <div {...roles.cell} title={consistencyHint(point) ?? undefined}>
        <MarkText mark={consistencyMark(point)} />
      </div>
      <div {...roles.cell}>
        <MarkText mark={verifiedMark(point)} />
      </div>
    </>
  )
}
