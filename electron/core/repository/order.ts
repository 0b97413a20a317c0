import type { StoredPoint } from './scan.ts'

/**
 * Newest first. Points of a machine in one destination follow their sequence numbers, so that one taken after the
 * clock was set back still counts as newer: its time is taken as at least its predecessor's.
 */
export function newestFirst(points: readonly StoredPoint[]): StoredPoint[] {
  const lines = new Map<string, StoredPoint[]>()
  for (const stored of points) {
    const key = `${stored.point.destinationId} ${stored.point.machineId}`
    const line = lines.get(key)
    if (line) line.push(stored)
    else lines.set(key, [stored])
  }
  const times = new Map<StoredPoint, string>()
  for (const line of lines.values()) {
    line.sort((a, b) => a.sequence - b.sequence || compareTexts(a.point.createdAt, b.point.createdAt))
    let latest = ''
    for (const stored of line) {
      if (stored.point.unreadable === null && stored.point.createdAt > latest) latest = stored.point.createdAt
      times.set(stored, stored.point.unreadable === null ? latest : stored.point.createdAt)
    }
  }
  return [...points].sort(
    (a, b) =>
      compareTexts(times.get(b) ?? '', times.get(a) ?? '') ||
      b.sequence - a.sequence ||
      compareTexts(b.point.createdAt, a.point.createdAt) ||
      compareTexts(b.point.id, a.point.id),
  )
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
