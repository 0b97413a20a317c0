// The rows of the restore points grid as data: day headings, chains and points, what search leaves, which rows a scroll
// position shows, and where type-ahead goes. Pure, so that 5,000 points can be tested without a window.
import type { Point } from '../../../../shared/domain/point.ts'
import { type DateStyle, dayKey, formatDay } from '../../../../shared/format/dates.ts'
import { searchText } from '../../../../shared/text/point-words.ts'
import { type Chain, chainsOf, gapSentence, type RailPart, railOf, shapeOf } from './chain-model.ts'

export const headingHeight = 28
export const rowHeight = 36
/** Lists longer than this render only what is near the viewport. */
export const virtualAbove = 200

/** A row that the keyboard reaches; `index` is its place among those. */
export type StopRow =
  | {
      readonly kind: 'chain'
      readonly key: string
      readonly chain: Chain
      readonly open: boolean
      readonly index: number
      readonly top: number
    }
  | {
      readonly kind: 'point'
      readonly key: string
      readonly point: Point
      readonly index: number
      readonly top: number
      readonly rail: RailPart | null
      /** The row of the chain it can be folded into; null when it can't. */
      readonly under: string | null
    }

export type GridRow =
  | StopRow
  /** `through`: the rail goes on behind it. */
  | {
      readonly kind: 'day'
      readonly key: string
      readonly label: string
      readonly top: number
      readonly through: boolean
    }
  | { readonly kind: 'gap'; readonly key: string; readonly text: string; readonly top: number }

export interface Grid {
  readonly rows: readonly GridRow[]
  readonly stops: readonly StopRow[]
  /** In px. */
  readonly height: number
}

/** `plain`: nothing lies over anything. `days`: by time alone. `chains`: one after the other, old ones folded. */
export type GridView =
  | { readonly kind: 'plain' | 'days' }
  | { readonly kind: 'chains'; readonly isOpen: (chain: Chain) => boolean }

/** Points whose day, time, kind or state contains every word of the search. */
export function filterPoints(points: readonly Point[], search: string, style: DateStyle): readonly Point[] {
  const wanted = search.toLowerCase().split(/\s+/).filter(Boolean)
  if (wanted.length === 0) return points
  return points.filter((point) => {
    const text = searchText(point, style)
    return wanted.every((word) => text.includes(word))
  })
}

/** Day headings and rows with their places. `points` come newest first. */
export function buildGrid(points: readonly Point[], style: DateStyle, view: GridView = { kind: 'plain' }): Grid {
  const rows: GridRow[] = []
  const stops: StopRow[] = []
  let top = 0
  let day = ''
  const head = (row: Extract<GridRow, { kind: 'day' | 'gap' }>) => {
    rows.push(row)
    top += headingHeight
  }
  const stop = (row: StopRow) => {
    rows.push(row)
    stops.push(row)
    top += rowHeight
  }
  const add = (point: Point, rail: RailPart | null, under: string | null) => {
    const key = dayKey(point.createdAt, style)
    if (key !== day) {
      const label = formatDay(point.createdAt, style)
      head({ kind: 'day', key: `day-${key}-${point.id}`, label, top, through: rail?.up ?? false })
      day = key
    }
    stop({ kind: 'point', key: point.id, point, index: stops.length, top, rail, under })
  }
  if (view.kind !== 'chains') {
    for (const point of points) {
      const shape = view.kind === 'plain' ? null : shapeOf(point)
      add(point, shape === null ? null : { shape, up: false, down: false }, null)
    }
    return { rows, stops, height: top }
  }
  const newer = new Map<string, Chain>()
  for (const chain of chainsOf(points)) {
    const place = chain.points[0]?.destinationId ?? ''
    const above = newer.get(place)
    if (chain.earlier && above !== undefined) {
      head({ kind: 'gap', key: `gap-${chain.id}`, text: gapSentence(above), top })
      day = ''
    }
    if (chain.linked) newer.set(place, chain)
    const foldable = chain.earlier && chain.points.length > 1
    const open = !foldable || view.isOpen(chain)
    const key = `chain-${chain.id}`
    if (foldable) stop({ kind: 'chain', key, chain, open, index: stops.length, top })
    for (const [at, point] of open ? chain.points.entries() : [])
      add(point, railOf(point, at, chain), foldable ? key : null)
    if (foldable) day = ''
  }
  return { rows, stops, height: top }
}

/** Rows to render for a viewport of `height` px that starts `from` px below the grid's first row. */
export function visibleRows(
  grid: Grid,
  from: number,
  height: number,
): { rows: readonly GridRow[]; before: number; after: number } {
  if (grid.stops.length <= virtualAbove) return { rows: grid.rows, before: 0, after: 0 }
  const margin = 400
  const first = Math.max(0, lowerBound(grid.rows, from - margin) - 1)
  const last = Math.min(grid.rows.length, lowerBound(grid.rows, from + height + margin))
  const rows = grid.rows.slice(first, Math.max(first + 1, last))
  const before = rows[0]?.top ?? 0
  const after = grid.height - (grid.rows[first + rows.length]?.top ?? grid.height)
  return { rows, before, after }
}

/** Index of the first row at or below `top`. */
function lowerBound(rows: readonly GridRow[], top: number): number {
  let low = 0
  let high = rows.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((rows[middle]?.top ?? 0) < top) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * Index of the point that typing leads to, searching on from the current one; -1 when nothing matches. What starts
 * with the typed text wins over what only has a word that does: "14 n" is 14 Nov, "14:0" any day at 14:02.
 */
export function typeAhead(points: readonly Point[], typed: string, from: number, style: DateStyle): number {
  const wanted = typed.toLowerCase()
  const start = typed.length > 1 ? from : from + 1
  const order = points.map((_, step) => (((start + step) % points.length) + points.length) % points.length)
  const texts = new Map(order.map((index) => [index, textOf(points[index], style)]))
  const whole = order.find((index) => texts.get(index)?.startsWith(wanted))
  return whole ?? order.find((index) => texts.get(index)?.includes(` ${wanted}`)) ?? -1
}

function textOf(point: Point | undefined, style: DateStyle): string {
  return point === undefined ? '' : searchText(point, style)
}

/** Every point between two rows, both included; a folded chain counts with all of its points. */
export function rangeBetween(stops: readonly StopRow[], one: number, other: number): readonly Point[] {
  return stops
    .slice(Math.min(one, other), Math.max(one, other) + 1)
    .flatMap((row) => (row.kind === 'point' ? [row.point] : row.open ? [] : row.chain.points))
}
