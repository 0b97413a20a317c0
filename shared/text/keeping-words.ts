// Keeping and deleting restore points in words (ux.md S11, S12): which rule holds a point, why one may not simply go,
// what becomes of those that lie over it.
import type { Point } from '../domain/point.ts'
import type {
  DeletePreview,
  PointGuard,
  RetentionPolicy,
  RetentionPreview,
  RetentionRule,
} from '../domain/retention.ts'
import { formatBytes, type Units } from '../format/bytes.ts'
import { type DateStyle, formatMoment } from '../format/dates.ts'
import { etaWords } from '../format/duration.ts'

const rules: Readonly<Record<RetentionRule, string>> = {
  last: 'one of the last',
  daily: 'newest of its day',
  weekly: 'newest of its week',
  monthly: 'newest of its month',
  yearly: 'newest of its year',
  pinned: 'pinned',
  'last-good': 'the last good one',
  'last-verified': 'the last verified one',
}

/** "Kept: newest of its day, pinned" */
export function keptWords(held: readonly RetentionRule[]): string {
  return `Kept: ${held.map((rule) => rules[rule]).join(', ')}`
}

const guards: Readonly<Record<PointGuard, string>> = {
  pinned: 'It is pinned.',
  'last-good': 'It is the last good restore point of this machine here.',
  'last-verified': 'It is the last one whose content was verified.',
}

/** Why a point needs its own tick; null when it does not. */
export function guardWords(held: readonly PointGuard[]): string | null {
  return held.length === 0 ? null : held.map((guard) => guards[guard]).join(' ')
}

/** Bytes per second assumed for moving data inside a destination, when nothing was measured yet. */
const guess = 100_000_000

/** A point that goes, with those that stay and need it, oldest first. */
type Going = Pick<DeletePreview['points'][number], 'pointId' | 'dependents'>

/**
 * "Yesterday 13:24 is needed by 3 newer points. Its data moves into Yesterday 21:00 first." One sentence for each point
 * that data moves into; none where nothing depends on those that go.
 */
export function dependentsSentences(
  going: readonly Going[],
  byId: Readonly<Record<string, Point>>,
  style: DateStyle,
): readonly string[] {
  const byHeir = new Map<Point, { readonly point: Point; readonly count: number }[]>()
  for (const { pointId, dependents } of going) {
    const point = byId[pointId]
    const heir = dependents.map((id) => byId[id]).find((one) => one !== undefined)
    if (point === undefined || heir === undefined) continue
    byHeir.set(heir, [...(byHeir.get(heir) ?? []), { point, count: dependents.length }])
  }
  return [...byHeir].map(([heir, moved]) => {
    const place = formatMoment(heir.createdAt, style)
    const [first, ...others] = moved
    if (first === undefined || others.length > 0) {
      return `${moved.length} of them are needed by newer points. Their data moves into ${place} first.`
    }
    const newer = first.count === 1 ? '1 newer point' : `${first.count} newer points`
    return `${formatMoment(first.point.createdAt, style)} is needed by ${newer}. Its data moves into ${place} first.`
  })
}

/** "For that 1.20 GB are written first, which takes about 1 minute."; null when nothing moves. */
export function movedSentence(movedBytes: number, units?: Units, locale?: string): string | null {
  if (movedBytes === 0) return null
  const amount = formatBytes(movedBytes, units, locale)
  return `For that ${amount} are written first, which takes ${etaWords(movedBytes / guess)}.`
}

/** "24 kept · 9 go now · frees 12.4 GB · writes 1.20 GB first" */
export function pruneSummary(preview: RetentionPreview, units?: Units, locale?: string): string {
  const kept = `${preview.keep.length} kept`
  const go = preview.remove.length
  if (go === 0) return `${kept} · none goes now`
  const moved = preview.movedBytes === 0 ? '' : ` · writes ${formatBytes(preview.movedBytes, units, locale)} first`
  return `${kept} · ${go} ${go === 1 ? 'goes' : 'go'} now · frees ${formatBytes(preview.freedBytes, units, locale)}${moved}`
}

export const policyParts = [
  'last',
  'daily',
  'weekly',
  'monthly',
  'yearly',
] as const satisfies readonly (keyof RetentionPolicy)[]

/** What the sheet starts with when nothing was saved (ux.md S11). */
export const usualPolicy: RetentionPolicy = { last: 6, daily: 7, weekly: 4, monthly: 6, yearly: 0 }

/** True when the numbers alone would keep nothing. */
export function keepsNothing(policy: RetentionPolicy): boolean {
  return policyParts.every((part) => policy[part] === 0)
}
