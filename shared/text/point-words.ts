// A restore point in words: the grid's columns, the inspector's lines, what a screen reader says, and what deleting
// points frees (ux.md S2, S4, S12).
import type { Point, Verification } from '../domain/point.ts'
import { formatBytes, speakBytes, type Units } from '../format/bytes.ts'
import { type DateStyle, formatDay, formatMoment, formatTime } from '../format/dates.ts'
import { consistencyMark, type Mark, speakConsistency } from './consistency-words.ts'

export { consistencyMark, type Mark } from './consistency-words.ts'

export function kindWords(point: Pick<Point, 'kind'>): string {
  return point.kind === 'full' ? 'Full' : 'Incremental'
}

/** The one word for how far this point can be trusted. Green needs evidence. */
export function verifiedMark(point: Pick<Point, 'index' | 'verification' | 'unreadable'>): Mark {
  if (point.unreadable !== null) return { text: 'Unreadable', tone: 'problem', icon: 'problem' }
  if (point.verification !== null && !point.verification.ok)
    return { text: 'Damaged', tone: 'problem', icon: 'problem' }
  if (point.index.kind === 'checking') return { text: 'Checking', tone: 'neutral', icon: 'busy' }
  if (point.verification?.level === 'content') return { text: 'Verified', tone: 'ok', icon: 'verified' }
  if (point.index.kind === 'none') return { text: 'Not checked', tone: 'warning', icon: 'none' }
  if (point.verification?.level === 'structure') return { text: 'Structure', tone: 'ok', icon: 'verified' }
  return { text: 'Checked', tone: 'neutral', icon: 'none' }
}

export function isDamaged(point: Pick<Point, 'verification' | 'unreadable'>): boolean {
  return point.unreadable !== null || point.verification?.ok === false
}

/** Why Restore is off for this point; null when it is not. `destination` is its name. */
export function whyNoRestore(point: Point, destination: string): string | null {
  if (!point.available) return `Connect ${destination} to restore`
  if (point.unreadable !== null) return 'This point can’t be read'
  if (point.verification?.ok === false) return 'This point is damaged'
  return null
}

/** One sentence about the damage; null when there is none. */
export function damageSentence(point: Point): string | null {
  if (point.unreadable !== null) return point.unreadable
  const first = point.verification?.ok === false ? point.verification.damage[0] : undefined
  if (point.verification?.ok === false && first === undefined) return 'Its last verification failed.'
  return first?.text ?? null
}

/** Newest point before or after this one that can be restored; null when there is none. */
export function betterPoint(point: Point, points: readonly Point[]): Point | null {
  const usable = points.filter((other) => other.id !== point.id && other.available && !isDamaged(other))
  const distance = (other: Point) => Math.abs(Date.parse(other.createdAt) - Date.parse(point.createdAt))
  return usable.toSorted((a, b) => distance(a) - distance(b))[0] ?? null
}

export function verificationWords(verification: Verification, style: DateStyle): string {
  const when = formatMoment(verification.at, style)
  if (!verification.ok) return `Damage found ${when}.`
  return verification.level === 'content'
    ? `Every byte matches its checksum, ${when}.`
    : `The image’s structure is clean, ${when}.`
}

export function wholeSize(point: Pick<Point, 'disks'>): number {
  return point.disks.reduce((sum, disk) => sum + disk.virtualSize, 0)
}

/** "2 disks, 96.6 GB" */
export function restoresWords(point: Pick<Point, 'disks'>, units?: Units, locale?: string): string {
  const count = point.disks.length
  return `${count} ${count === 1 ? 'disk' : 'disks'}, ${formatBytes(wholeSize(point), units, locale)}`
}

/** The row for a screen reader: "Yesterday 21:00, full, adds 1.2 gigabytes, crash-consistent, not checked". */
export function speakPoint(point: Point, style: DateStyle, units?: Units): string {
  return [
    formatMoment(point.createdAt, style),
    kindWords(point).toLowerCase(),
    `adds ${speakBytes(point.bytes, units, style.locale)}`,
    speakConsistency(point),
    verifiedMark(point).text.toLowerCase(),
    ...(point.pinned ? ['pinned'] : []),
    ...(point.available ? [] : ['not connected']),
  ].join(', ')
}

/** What typing and the search field look at. */
export function searchText(point: Point, style: DateStyle): string {
  return [
    formatDay(point.createdAt, style),
    formatTime(point.createdAt, style),
    point.createdAt.slice(0, 10),
    kindWords(point),
    consistencyMark(point).text,
    verifiedMark(point).text,
  ]
    .join(' ')
    .toLowerCase()
}

/** "Delete 4 Points, Free 6.10 GB" */
export function deleteButton(points: readonly Point[], units?: Units, locale?: string): string {
  const freed = formatBytes(
    points.reduce((sum, point) => sum + point.bytes, 0),
    units,
    locale,
  )
  return points.length === 1 ? `Delete Point, Free ${freed}` : `Delete ${points.length} Points, Free ${freed}`
}
