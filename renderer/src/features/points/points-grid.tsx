// The restore points of a machine as a treegrid: one tab stop, arrow keys, Home and End, type to find a date, several
// selected with Shift or ⌘, earlier chains fold with ← → (ux.md 5). Above 200 rows only what is near the viewport is
// rendered.
import { type ReactElement, useMemo, useRef } from 'react'
import type { PointId } from '../../../../shared/domain/ids.ts'
import type { Job } from '../../../../shared/domain/job.ts'
import type { Point } from '../../../../shared/domain/point.ts'
import { brokenNeed } from '../../../../shared/text/point-words.ts'
import { classes } from '../../design/classes.ts'
import type { MenuAction } from '../../design/menu.tsx'
import type { WordStyle } from '../../state/words.ts'
import { ChainRow } from './chain-row.tsx'
import * as roles from './grid-roles.ts'
import { PointMenu, usePointMenu } from './point-menu.tsx'
import { PointRow } from './point-row.tsx'
import styles from './points-grid.module.css'
import { buildGrid, type GridRow, virtualAbove, visibleRows } from './points-model.ts'
import { RailThrough } from './rail.tsx'
import { useFolds } from './use-folds.ts'
import { useRowKeys } from './use-row-keys.ts'
import { useViewport } from './viewport.ts'
import { WritingRow } from './writing-row.tsx'

export interface PointsGridProps {
  /** Newest first. */
  readonly points: readonly Point[]
  readonly byId: Readonly<Record<string, Point>>
  /** `plain` without a rail; `chains` one after the other, earlier ones folded. */
  readonly view: 'plain' | 'days' | 'chains'
  /** Backups under way; each gets a row of its own on top. */
  readonly writing: readonly Job[]
  readonly selected: readonly PointId[]
  readonly style: WordStyle
  /** Name to show for a point's destination; null when all are on one. */
  readonly destinationOf: (point: Point) => string | null
  readonly actionsFor: (point: Point) => readonly MenuAction[]
  readonly onSelect: (points: readonly PointId[]) => void
}

export function PointsGrid(props: PointsGridProps): ReactElement {
  const { points, selected, style, view, onSelect } = props
  const body = useRef<HTMLDivElement>(null)
  const folds = useFolds(selected)
  const grid = useMemo(
    () => buildGrid(points, style, view === 'chains' ? { kind: 'chains', isOpen: folds.isOpen } : { kind: view }),
    [points, style, view, folds.isOpen],
  )
  const viewport = useViewport(body, grid.stops.length > virtualAbove)
  const shown = visibleRows(grid, viewport.from, viewport.height)
  const menu = usePointMenu(selected, onSelect)
  const keys = useRowKeys({ grid, points, selected, style, body, viewport, folds, onSelect })
  const chosen = new Set<string>(selected)
  const first = props.writing.length + 2

  const rowOf = (row: GridRow): ReactElement => {
    switch (row.kind) {
      case 'day':
        return (
          <div key={row.key} {...roles.spacer} className={styles.day}>
            {row.through ? <RailThrough /> : null}
            {row.label}
          </div>
        )
      case 'gap':
        return (
          <div key={row.key} {...roles.spacer} className={classes(styles.day, styles.gap)} title={row.text}>
            Earlier chain <span className={styles.gapText}>{row.text}</span>
          </div>
        )
      case 'chain':
        return (
          <ChainRow
            key={row.key}
            chain={row.chain}
            open={row.open}
            rowKey={row.key}
            rowIndex={row.index + first}
            tabbable={row.index === keys.active}
            style={style}
            onToggle={() => keys.toggle(row)}
            onKeyDown={keys.onKeyDown}
            onFocus={() => keys.focused(row)}
          />
        )
      case 'point':
        return (
          <PointRow
            key={row.key}
            point={row.point}
            rowIndex={row.index + first}
            level={row.under === null ? 1 : 2}
            rail={row.rail}
            broken={brokenNeed(row.point, props.byId)}
            selected={chosen.has(row.point.id)}
            tabbable={row.index === keys.active}
            style={style}
            destination={props.destinationOf(row.point)}
            actions={chosen.has(row.point.id) ? props.actionsFor(row.point) : []}
            onClick={(event) => keys.onClick(event, row)}
            onContextMenu={(event) => menu.openAt(event, row.point)}
            onKeyDown={keys.onKeyDown}
            onFocus={() => keys.focused(row)}
          />
        )
    }
  }

  return (
    <div
      {...roles.treegrid(grid.stops.length + props.writing.length + 1)}
      data-testid="points"
      data-view={view}
      className={classes(styles.grid, view === 'plain' && styles.plain)}
    >
      <GridHead />
      {props.writing.map((job, index) => (
        <WritingRow key={job.id} job={job} rowIndex={index + 2} style={style} rail={view !== 'plain'} />
      ))}
      <div {...roles.rowgroup} ref={body}>
        {shown.before > 0 ? <div {...roles.spacer} style={{ height: shown.before }} /> : null}
        {shown.rows.map(rowOf)}
        {shown.after > 0 ? <div {...roles.spacer} style={{ height: shown.after }} /> : null}
      </div>
      <PointMenu menu={menu} byId={props.byId} actionsFor={props.actionsFor} />
    </div>
  )
}

function GridHead(): ReactElement {
  return (
    <div {...roles.head()} className={styles.head}>
      <span {...roles.columnHeader}>
        <span className="visually-hidden">Sort of copy</span>
      </span>
      <span {...roles.columnHeader}>Taken</span>
      <span {...roles.columnHeader}>Kind</span>
      <span {...roles.columnHeader} className={styles.number}>
        Adds
      </span>
      <span {...roles.columnHeader}>Consistency</span>
      <span {...roles.columnHeader}>Verified</span>
      <span {...roles.columnHeader}>
        <span className="visually-hidden">Actions</span>
      </span>
    </div>
  )
}
