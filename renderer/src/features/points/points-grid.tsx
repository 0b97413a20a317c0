// The restore points of a machine as a treegrid: one tab stop, arrow keys, Home and End, type to find a date,
// several selected with Shift or ⌘ (ux.md 5). Above 200 rows only what is near the viewport is rendered.
import { type KeyboardEvent, type MouseEvent, type ReactElement, useEffect, useMemo, useRef, useState } from 'react'
import type { PointId } from '../../../../shared/domain/ids.ts'
import type { Job } from '../../../../shared/domain/job.ts'
import type { Point } from '../../../../shared/domain/point.ts'
import type { MenuAction } from '../../design/menu.tsx'
import type { WordStyle } from '../../state/words.ts'
import { movedTo, useTypeAhead } from './grid-keys.ts'
import * as roles from './grid-roles.ts'
import { PointRow } from './point-row.tsx'
import styles from './points-grid.module.css'
import { buildGrid, rangeBetween, rowHeight, virtualAbove, visibleRows } from './points-model.ts'
import { scrollRowIntoView, useViewport } from './viewport.ts'
import { WritingRow } from './writing-row.tsx'

export interface PointsGridProps {
  /** Newest first. */
  readonly points: readonly Point[]
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
  const { points, selected, style, onSelect } = props
  const body = useRef<HTMLDivElement>(null)
  const [activeId, setActiveId] = useState<PointId | null>(null)
  const [anchorId, setAnchorId] = useState<PointId | null>(null)
  /** Row that takes the focus as soon as it is rendered. */
  const pendingFocus = useRef<PointId | null>(null)
  const grid = useMemo(() => buildGrid(points, style), [points, style])
  const viewport = useViewport(body, points.length > virtualAbove)
  const shown = visibleRows(grid, viewport.from, viewport.height)
  const find = useTypeAhead(points, style)
  const indexOf = (id: PointId | null) => (id === null ? -1 : points.findIndex((point) => point.id === id))
  const active = Math.max(0, indexOf(activeId ?? selected[0] ?? null))
  const chosen = new Set<string>(selected)

  useEffect(() => {
    const id = pendingFocus.current
    if (id === null) return
    const element = body.current?.querySelector<HTMLElement>(`[data-testid="point-${id}"]`)
    if (element === null || element === undefined) return
    pendingFocus.current = null
    element.focus({ preventScroll: true })
  })

  const go = (index: number, extend: boolean) => {
    const point = points[index]
    if (point === undefined) return
    const row = grid.rows.find((one) => one.key === point.id)
    if (row !== undefined && body.current !== null) {
      scrollRowIntoView(body.current, row.top, rowHeight)
      viewport.measure()
    }
    setActiveId(point.id)
    pendingFocus.current = point.id
    if (extend) {
      const anchor = Math.max(0, indexOf(anchorId ?? activeId))
      if (anchorId === null) setAnchorId(points[anchor]?.id ?? null)
      onSelect(rangeBetween(points, anchor, index).map((one) => one.id))
    } else {
      setAnchorId(point.id)
      onSelect([point.id])
    }
  }

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget) return
    if (event.key === 'a' && (event.metaKey || event.ctrlKey)) {
      event.preventDefault()
      return onSelect(points.map((point) => point.id))
    }
    if (event.metaKey || event.ctrlKey || event.altKey) return
    if (event.key === 'Escape' && selected.length > 1) return onSelect(selected.slice(0, 1))
    const next = movedTo(event.key, active, points.length) ?? find(event.key, active)
    if (next !== null) {
      event.preventDefault()
      return go(next, event.shiftKey && event.key.length > 1)
    }
    if (event.key === ' ' || event.key === 'Enter') {
      event.preventDefault()
      go(active, event.shiftKey)
    }
  }

  const onClick = (event: MouseEvent, index: number, point: Point) => {
    setActiveId(point.id)
    if (event.metaKey || event.ctrlKey) {
      setAnchorId(point.id)
      return onSelect(chosen.has(point.id) ? selected.filter((id) => id !== point.id) : [...selected, point.id])
    }
    if (event.shiftKey) return go(index, true)
    setAnchorId(point.id)
    onSelect([point.id])
  }

  return (
    <div {...roles.treegrid(points.length + props.writing.length + 1)} data-testid="points" className={styles.grid}>
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
      {props.writing.map((job, index) => (
        <WritingRow key={job.id} job={job} rowIndex={index + 2} style={style} />
      ))}
      <div {...roles.rowgroup} ref={body}>
        {shown.before > 0 ? <div {...roles.spacer} style={{ height: shown.before }} /> : null}
        {shown.rows.map((row) =>
          row.kind === 'day' ? (
            <div key={row.key} {...roles.spacer} className={styles.day}>
              {row.label}
            </div>
          ) : (
            <PointRow
              key={row.key}
              point={row.point}
              rowIndex={row.index + props.writing.length + 2}
              selected={chosen.has(row.point.id)}
              tabbable={row.index === active}
              style={style}
              destination={props.destinationOf(row.point)}
              actions={chosen.has(row.point.id) ? props.actionsFor(row.point) : []}
              onClick={(event) => onClick(event, row.index, row.point)}
              onKeyDown={onKeyDown}
              onFocus={() => setActiveId(row.point.id)}
            />
          ),
        )}
        {shown.after > 0 ? <div {...roles.spacer} style={{ height: shown.after }} /> : null}
      </div>
    </div>
  )
}
