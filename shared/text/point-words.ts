// A restore point in words: the grid's columns, the inspector's lines, what a screen reader says, and what deleting
// points frees (ux.md S2, S4, S12).
import type { BackupBasis, Point, Verification } from '../domain/point.ts'
import { formatBytes, speakBytes, type Units } from '../format/bytes.ts'
import { type DateStyle, dayKey, formatDay, formatMoment, formatMomentInText, formatTime } from '../format/dates.ts'
import { consistencyMark, type Mark, speakConsistency } from './consistency-words.ts'

export { consistencyMark, type Mark } from './consistency-words.ts'

export function kindWords(point: Pick<Point, 'kind'>): string {
  return point.kind === 'full' ? 'Full' : 'Incremental'
}

const bases: Readonly<Record<BackupBasis, string>> = {
  bitmap: 'By change tracking',
  comparison: 'By comparison',
  all: 'All data',
}

/** How Floe knew what to copy. */
export function basisWords(basis: BackupBasis): string {
  return bases[basis]
}

/** The one word for how far this point can be trusted. Green needs evidence. */
export function verifiedMark(point: Pick<Point, 'index' | 'verification' | 'unreadable'>): Mark {
  if (point.unreadable !== null) return { text: 'Unreadable', tone: 'problem', icon: 'problem' }
  if (point.verification !== null && !point.verification.ok)
    return { text: 'Damaged', tone: 'problem', icon: 'problem' }
  if (point.index.kind === 'checking') return { text: 'Checking', tone: 'neutral', icon: 'busy' }
  if (point.verification?.level === 'live') return { text: 'Proven', tone: 'ok', icon: 'verified' }
  if (point.verification?.level === 'content') return { text: 'Verified', tone: 'ok', icon: 'verified' }
  if (point.index.kind === 'none') return { text: 'Not checked', tone: 'warning', icon: 'none' }
  if (point.verification?.level === 'structure') return { text: 'Structure', tone: 'ok', icon: 'verified' }
  return { text: 'Checked', tone: 'neutral', icon: 'none' }
}

/** One mark for several points: the worst of them, or that all are verified. */
export function verifiedCounts(points: readonly Point[]): Mark {
  const damaged = points.filter(isDamaged).length
  if (damaged > 0) return { text: `${damaged} damaged`, tone: 'problem', icon: 'problem' }
  const verified = points.filter((point) => verifiedMark(point).icon === 'verified').length
  if (verified === points.length) return { text: 'Verified', tone: 'ok', icon: 'verified' }
  return { text: `${verified} of ${points.length} verified`, tone: 'neutral', icon: 'none' }
}

export function isDamaged(point: Pick<Point, 'verification' | 'unreadable'>): boolean {
  return point.unreadable !== null || point.verification?.ok === false
}

/**
 * True when a damaged point takes those whose images lie over its own with it, as the core sees it before a restore.
 * Damage in some of its bytes, or in its checksums, does not: who shows the same bytes carries a mark of its own.
 */
function breaksThoseOver(need: Point, point: Point): boolean {
  if (need.unreadable !== null) return true
  if (need.verification === null || need.verification.ok) return false
  const concerns = (diskId: string) => diskId === '*' || point.disks.some((disk) => disk.id === diskId)
  return need.verification.damage.some(
    ({ kind, diskId }) => (kind === 'structure' || kind === 'size' || kind === 'missing') && concerns(diskId),
  )
}

/**
 * The point at whose damage this one breaks: the nearest it needs whose image is damaged as a whole, or the one whose
 * check found the bytes both need. Null when it can be restored, or is damaged itself; a point that needs one that is
 * gone is unreadable itself.
 */
export function brokenNeed(point: Point, byId: Readonly<Record<string, Point>>): Point | null {
  if (point.unreadable !== null) return null
  const foundIn = point.verification?.ok === false ? point.verification.foundIn : null
  if (point.verification?.ok === false && (foundIn === null || foundIn === point.id)) return null
  const broken = point.needs.map((id) => byId[id]).find((need) => need !== undefined && breaksThoseOver(need, point))
  return broken ?? (foundIn !== null && point.needs.includes(foundIn) ? (byId[foundIn] ?? null) : null)
}

/** "Can’t be restored: depends on 13:24", with the day when it is another one. */
export function brokenSentence(point: Point, need: Point, style: DateStyle): string {
  const sameDay = dayKey(point.createdAt, style) === dayKey(need.createdAt, style)
  const when = sameDay ? formatTime(need.createdAt, style) : formatMomentInText(need.createdAt, style)
  return `Can’t be restored: depends on ${when}`
}

/** Why Restore is off for this point; null when it is not. `destination` is its name, `broken` what it breaks at. */
export function whyNoRestore(point: Point, destination: string, broken: Point | null = null): string | null {
  if (!point.available) return `Connect ${destination} to restore`
  if (point.unreadable !== null) return 'This point can’t be read'
  if (broken !== null) return 'It depends on a damaged point'
  if (point.verification?.ok === false) return 'This point is damaged'
  return null
}

/**
 * Points that cannot be restored either, in the order given: what this one's check marked, and of those that lie over
 * it the ones it breaks or whose own check found damage.
 */
export function affectedBy(point: Point, points: readonly Point[]): readonly Point[] {
  if (!isDamaged(point)) return []
  return points.filter((other) => {
    if (other.id === point.id) return false
    const failed = other.verification?.ok === false ? other.verification : null
    if (failed?.foundIn === point.id) return true
    return other.needs.includes(point.id) && (failed !== null || breaksThoseOver(point, other))
  })
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
  const byId = Object.fromEntries(points.map((one) => [one.id, one]))
  const usable = points.filter(
    (other) => other.id !== point.id && other.available && !isDamaged(other) && brokenNeed(other, byId) === null,
  )
  const distance = (other: Point) => Math.abs(Date.parse(other.createdAt) - Date.parse(point.createdAt))
  return usable.toSorted((a, b) => distance(a) - distance(b))[0] ?? null
}

export function verificationWords(verification: Verification, style: DateStyle): string {
  const when = formatMoment(verification.at, style)
  if (!verification.ok) return `Damage found ${when}.`
  if (verification.level === 'live') return `Compared byte for byte with the running machine; last found whole ${when}.`
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
export function speakPoint(point: Point, style: DateStyle, units?: Units, broken: Point | null = null): string {
  return [
    formatMoment(point.createdAt, style),
    kindWords(point).toLowerCase(),
    `adds ${speakBytes(point.adds, units, style.locale)}`,
    ...(broken === null
      ? [speakConsistency(point), verifiedMark(point).text.toLowerCase()]
      : [brokenSentence(point, broken, style).toLowerCase()]),
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

/** "Delete 4 Points, Free 6.10 GB"; without the size while it is not known. */
export function deleteButton(count: number, freedBytes: number | null, units?: Units, locale?: string): string {
  const points = count === 1 ? 'Delete Point' : `Delete ${count} Points`
  return freedBytes === null ? points : `${points}, Free ${formatBytes(freedBytes, units, locale)}`
}
