// The rows of the restore points grid as data: day headings and points, what search leaves, which rows a scroll
// position shows, and where type-ahead goes. Pure, so that 5,000 points can be tested without a window.
import type { Point } from '../../../../shared/domain/point.ts'
import { type DateStyle, dayKey, formatDay } from '../../../../shared/format/dates.ts'
import { searchText } from '../../../../shared/text/point-words.ts'

export const headingHeight = 28
export const rowHeight = 36
/** Lists longer than this render only what is near the viewport. */
export const virtualAbove = 200

export type GridRow =
  | { readonly kind: 'day'; readonly key: string; readonly label: string; readonly top: number }
  | {
      readonly kind: 'point'
      readonly key: string
      readonly point: Point
      readonly index: number
      readonly top: number
    }

export interface Grid {
  readonly rows: readonly GridRow[]
  /** Points in the order of the rows. */
  readonly points: readonly Point[]
  /** In px. */
  readonly height: number
}

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
export function buildGrid(points: readonly Point[], style: DateStyle): Grid {
  const rows: GridRow[] = []
  let top = 0
  let day = ''
  points.forEach((point, index) => {
    const key = dayKey(point.createdAt, style)
    if (key !== day) {
      rows.push({ kind: 'day', key: `day-${key}`, label: formatDay(point.createdAt, style), top })
      top += headingHeight
      day = key
    }
    rows.push({ kind: 'point', key: point.id, point, index, top })
    top += rowHeight
  })
  return { rows, points, height: top }
}

/** Rows to render for a viewport of `height` px that starts `from` px below the grid's first row. */
export function visibleRows(
  grid: Grid,
  from: number,
  height: number,
): { rows: readonly GridRow[]; before: number; after: number } {
  if (grid.points.length <= virtualAbove) return { rows: grid.rows, before: 0, after: 0 }
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

/** Everything between two rows, both included. */
export function rangeBetween(points: readonly Point[], one: number, other: number): readonly Point[] {
  return points.slice(Math.min(one, other), Math.max(one, other) + 1)
}
