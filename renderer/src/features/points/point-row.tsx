// One restore point in the grid: when, what kind, what it costs, what it is worth.
import type { KeyboardEvent, MouseEvent, ReactElement, ReactNode } from 'react'
import { Button as AriaButton } from 'react-aria-components'
import type { Point } from '../../../../shared/domain/point.ts'
import { formatBytes, formatExactBytes } from '../../../../shared/format/bytes.ts'
import { formatTime } from '../../../../shared/format/dates.ts'
import { consistencyHint, consistencyMark, type Mark } from '../../../../shared/text/consistency-words.ts'
import { isDamaged, kindWords, speakPoint, verifiedMark } from '../../../../shared/text/point-words.ts'
import { Chip } from '../../design/chip.tsx'
import { classes } from '../../design/classes.ts'
import { Menu, type MenuAction } from '../../design/menu.tsx'
import { StatusText } from '../../design/status-text.tsx'
import {
  BoltIcon,
  CheckCircleIcon,
  CircleIcon,
  ClockIcon,
  DriveIcon,
  MachineIcon,
  MoreIcon,
  PinIcon,
  ProblemIcon,
  SnowflakeIcon,
} from '../../icons/icons.tsx'
import type { WordStyle } from '../../state/words.ts'
import * as roles from './grid-roles.ts'
import styles from './points-grid.module.css'

export interface PointRowProps {
  readonly point: Point
  /** Row number in the whole grid, counted from 1 with headings. */
  readonly rowIndex: number
  readonly selected: boolean
  readonly tabbable: boolean
  readonly style: WordStyle
  /** Named when points of several destinations are listed. */
  readonly destination: string | null
  readonly actions: readonly MenuAction[]
  readonly onClick: (event: MouseEvent) => void
  readonly onKeyDown: (event: KeyboardEvent) => void
  readonly onFocus: () => void
}

const icons: Record<Mark['icon'], ReactNode> = {
  frozen: <SnowflakeIcon small />,
  'crash-consistent': <BoltIcon small />,
  offline: <MachineIcon small />,
  verified: <CheckCircleIcon small />,
  busy: <ClockIcon small />,
  problem: <ProblemIcon small />,
  none: <CircleIcon small />,
}

export function MarkText({ mark }: { readonly mark: Mark }): ReactElement {
  return (
    <StatusText icon={icons[mark.icon]} tone={mark.tone === 'neutral' ? 'plain' : mark.tone}>
      {mark.text}
    </StatusText>
  )
}

export function PointRow(props: PointRowProps): ReactElement {
  const { point, style } = props
  const spoken = speakPoint(point, style, style.units)
  const row = {
    ...roles.row(props.rowIndex),
    'aria-label': props.destination === null ? spoken : `${spoken}, on ${props.destination}`,
    'aria-selected': props.selected,
    tabIndex: props.tabbable ? 0 : -1,
    onClick: props.onClick,
    onKeyDown: props.onKeyDown,
    onFocus: props.onFocus,
  }
  return (
    <div
      {...row}
      data-testid={`point-${point.id}`}
      className={classes(styles.row, props.selected && styles.selected, !point.available && styles.unavailable)}
    >
      <div {...roles.cell} className={styles.rail}>
        <span className={styles[isDamaged(point) ? 'damaged' : point.kind]} />
      </div>
      <div {...roles.cell} className={styles.taken}>
        <span className={styles.time}>{formatTime(point.createdAt, style)}</span>
        {props.destination === null ? null : <span className={styles.note}>{props.destination}</span>}
        {point.available ? null : <span className={styles.note}>not connected</span>}
      </div>
      <div {...roles.cell}>
        {point.kind === 'full' ? <Chip>{kindWords(point)}</Chip> : <span className={styles.quiet}>Incremental</span>}
      </div>
      <div {...roles.cell} className={styles.number} title={formatExactBytes(point.bytes, style.units)}>
        {formatBytes(point.bytes, style.units)}
      </div>
      <div {...roles.cell} title={consistencyHint(point) ?? undefined}>
        <MarkText mark={consistencyMark(point)} />
      </div>
      <div {...roles.cell}>
        <MarkText mark={verifiedMark(point)} />
      </div>
      <div {...roles.cell}>
        {props.selected ? (
          <Menu label="Restore point" actions={props.actions}>
            <AriaButton className={styles.more ?? ''} aria-label="More" excludeFromTabOrder={!props.tabbable}>
              <MoreIcon />
            </AriaButton>
          </Menu>
        ) : point.pinned ? (
          <PinIcon small name="Pinned" />
        ) : point.available ? null : (
          <DriveIcon small />
        )}
      </div>
    </div>
  )
}
