// Focus and selection in the grid: the keys, the pointer, and what both leave behind.
import { type KeyboardEvent, type MouseEvent, type RefObject, useEffect, useRef, useState } from 'react'
import type { PointId } from '../../../../shared/domain/ids.ts'
import type { Point } from '../../../../shared/domain/point.ts'
import type { WordStyle } from '../../state/words.ts'
import { movedTo, useTypeAhead } from './grid-keys.ts'
import { type Grid, rangeBetween, rowHeight, type StopRow } from './points-model.ts'
import type { Folds } from './use-folds.ts'
import { type LiveViewport, scrollRowIntoView } from './viewport.ts'

export interface RowKeysOptions {
  readonly grid: Grid
  readonly points: readonly Point[]
  readonly selected: readonly PointId[]
  readonly style: WordStyle
  readonly body: RefObject<HTMLElement | null>
  readonly viewport: LiveViewport
  readonly folds: Folds
  readonly onSelect: (points: readonly PointId[]) => void
}

export interface RowKeys {
  /** Place of the row that is the tab stop. */
  readonly active: number
  readonly toggle: (row: Extract<StopRow, { kind: 'chain' }>) => void
  readonly focused: (row: StopRow) => void
  readonly onClick: (event: MouseEvent, row: Extract<StopRow, { kind: 'point' }>) => void
  readonly onKeyDown: (event: KeyboardEvent) => void
}

export function useRowKeys(options: RowKeysOptions): RowKeys {
  const { grid, points, selected, body, viewport, folds, onSelect } = options
  const { stops } = grid
  const [activeKey, setActiveKey] = useState<string | null>(null)
  const [anchorKey, setAnchorKey] = useState<string | null>(null)
  /** Row that takes the focus as soon as it is rendered. */
  const pendingFocus = useRef<string | null>(null)
  const find = useTypeAhead(points, options.style)
  const placeOf = (key: string | null) => (key === null ? -1 : stops.findIndex((row) => row.key === key))
  const active = Math.max(0, placeOf(activeKey), activeKey === null ? placeOf(selected[0] ?? null) : 0)

  useEffect(() => {
    const key = pendingFocus.current
    if (key === null) return
    const element = body.current?.querySelector<HTMLElement>(`[data-row="${key}"]`)
    if (element === null || element === undefined) return
    pendingFocus.current = null
    element.focus({ preventScroll: true })
  })

  const go = (index: number, extend: boolean) => {
    const row = stops[index]
    if (row === undefined) return
    if (body.current !== null) {
      scrollRowIntoView(body.current, row.top, rowHeight)
      viewport.measure()
    }
    setActiveKey(row.key)
    pendingFocus.current = row.key
    if (extend) {
      const anchor = Math.max(0, placeOf(anchorKey ?? activeKey))
      if (anchorKey === null) setAnchorKey(stops[anchor]?.key ?? null)
      return onSelect(rangeBetween(stops, anchor, index).map((one) => one.id))
    }
    setAnchorKey(row.key)
    if (row.kind === 'point') onSelect([row.point.id])
  }

  const toggle = (row: Extract<StopRow, { kind: 'chain' }>) => {
    folds.set(row.chain, !row.open)
    setActiveKey(row.key)
    pendingFocus.current = row.key
  }

  /** Typing leads into folded chains too. */
  const typed = (key: string): boolean => {
    const row = stops[active]
    const from = row?.kind === 'chain' ? row.chain.points[0] : row?.point
    const found = find(key, from === undefined ? 0 : points.indexOf(from))
    const point = found === null ? undefined : points[found]
    if (point === undefined) return false
    const place = placeOf(point.id)
    if (place !== -1) {
      go(place, false)
      return true
    }
    const folded = stops.find((one) => one.kind === 'chain' && one.chain.points.includes(point))
    if (folded?.kind === 'chain') folds.set(folded.chain, true)
    setActiveKey(point.id)
    setAnchorKey(point.id)
    pendingFocus.current = point.id
    onSelect([point.id])
    return true
  }

  /** ← → open and fold an earlier chain; ← on one of its points leads to it. */
  const folded = (key: string): boolean => {
    const row = stops[active]
    if (row?.kind === 'chain' && (key === 'ArrowRight') !== row.open) toggle(row)
    else if (row?.kind === 'point' && row.under !== null && key === 'ArrowLeft') go(placeOf(row.under), false)
    else return false
    return true
  }

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget) return
    if (event.key === 'a' && (event.metaKey || event.ctrlKey)) {
      event.preventDefault()
      return onSelect(points.map((point) => point.id))
    }
    if (event.metaKey || event.ctrlKey || event.altKey) return
    if (event.key === 'Escape' && selected.length > 1) return onSelect(selected.slice(0, 1))
    const next = movedTo(event.key, active, stops.length)
    if (next !== null) {
      event.preventDefault()
      return go(next, event.shiftKey)
    }
    if ((event.key === 'ArrowLeft' || event.key === 'ArrowRight') && folded(event.key)) return event.preventDefault()
    if (typed(event.key)) return event.preventDefault()
    if (event.key === ' ' || event.key === 'Enter') {
      event.preventDefault()
      const row = stops[active]
      if (row?.kind === 'chain') toggle(row)
      else go(active, event.shiftKey)
    }
  }

  const onClick: RowKeys['onClick'] = (event, row) => {
    setActiveKey(row.key)
    if (event.metaKey || event.ctrlKey) {
      setAnchorKey(row.key)
      const id = row.point.id
      return onSelect(selected.includes(id) ? selected.filter((one) => one !== id) : [...selected, id])
    }
    if (event.shiftKey) return go(row.index, true)
    setAnchorKey(row.key)
    onSelect([row.point.id])
  }

  return { active, toggle, focused: (row) => setActiveKey(row.key), onClick, onKeyDown }
}
