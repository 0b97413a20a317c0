// Sets of byte ranges of a disk, as sorted, disjoint, non-touching extents. Pure. Everything that says "these bytes
// changed" or "these bytes were copied" speaks in them.

/** Bytes of guest data. */
export interface Extent {
  readonly offset: number
  readonly length: number
}

/** Sorted by offset; no two overlap or touch. */
export type Extents = readonly Extent[]

/** Any ranges, in any order, as a set. Empty ones vanish. */
export function extentsOf(ranges: Iterable<Extent>): Extents {
  const sorted = [...ranges].filter(({ length }) => length > 0).sort((a, b) => a.offset - b.offset)
  const found: { offset: number; length: number }[] = []
  for (const { offset, length } of sorted) {
    const last = found.at(-1)
    if (last && offset <= last.offset + last.length) {
      last.length = Math.max(last.length, offset + length - last.offset)
    } else found.push({ offset, length })
  }
  return found
}

/** Bytes in the set. */
export const bytesIn = (extents: Extents): number => extents.reduce((sum, { length }) => sum + length, 0)

export const union = (...sets: readonly Extents[]): Extents => extentsOf(sets.flat())

/** What is in both. */
export function intersection(a: Extents, b: Extents): Extents {
  const found: Extent[] = []
  let other = 0
  for (const { offset, length } of a) {
    const end = offset + length
    while (other < b.length && (b[other] as Extent).offset + (b[other] as Extent).length <= offset) other += 1
    for (let at = other; at < b.length && (b[at] as Extent).offset < end; at += 1) {
      const next = b[at] as Extent
      const from = Math.max(offset, next.offset)
      const to = Math.min(end, next.offset + next.length)
      if (to > from) found.push({ offset: from, length: to - from })
    }
  }
  return found
}

/** What is in `a` and not in `b`. */
export function difference(a: Extents, b: Extents): Extents {
  const found: Extent[] = []
  let other = 0
  for (const { offset, length } of a) {
    const end = offset + length
    let from = offset
    while (other < b.length && (b[other] as Extent).offset + (b[other] as Extent).length <= offset) other += 1
    for (let at = other; at < b.length && (b[at] as Extent).offset < end; at += 1) {
      const next = b[at] as Extent
      if (next.offset > from) found.push({ offset: from, length: next.offset - from })
      from = Math.max(from, next.offset + next.length)
    }
    if (from < end) found.push({ offset: from, length: end - from })
  }
  return found
}

/** Grown to whole steps of `granularity` bytes, within a disk of `size` bytes. */
export function aligned(extents: Extents, granularity: number, size: number): Extents {
  return extentsOf(
    extents.map(({ offset, length }) => {
      const from = Math.floor(offset / granularity) * granularity
      const to = Math.min(size, Math.ceil((offset + length) / granularity) * granularity)
      return { offset: from, length: Math.max(0, to - from) }
    }),
  )
}

/** Numbers of the `step`-sized pieces that any byte of the set lies in, in order. */
export function* piecesOf(extents: Extents, step: number): Generator<number> {
  let next = 0
  for (const { offset, length } of extents) {
    const last = Math.ceil((offset + length) / step)
    for (let piece = Math.max(next, Math.floor(offset / step)); piece < last; piece += 1) yield piece
    next = Math.max(next, last)
  }
}
