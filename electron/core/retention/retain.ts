// Which restore points stay and which go, with the rule that decided. Pure: the preview, the command line and the
// removal itself all ask this one function. Numbers count points and never age: nothing goes because time went by.
import type { RetentionPolicy, RetentionRule } from '../../../shared/domain/retention.ts'
import { guardsOf, isSound, type RatedPoint } from './guards.ts'
import { periodsIn } from './periods.ts'

export interface Retained<P extends RatedPoint> {
  readonly keep: readonly { readonly point: P; readonly rules: readonly RetentionRule[] }[]
  readonly remove: readonly { readonly point: P; readonly reason: string }[]
}

const calendar = ['daily', 'weekly', 'monthly', 'yearly'] as const
const word = { daily: 'day', weekly: 'week', monthly: 'month', yearly: 'year' } as const

/** A policy that names no number says nothing about what to keep; callers refuse it. */
export const saysNothing = (policy: RetentionPolicy): boolean =>
  policy.last === 0 && calendar.every((rule) => policy[rule] === 0)

/**
 * Sorts the points of one machine on one destination into kept and removed. `last` keeps the newest N; `daily` the newest
 * point of each of the N most recent days that have one, and so on (days of `timeZone`, ISO weeks). Pinned points, the
 * last good and the last verified one stay whatever the numbers say, also when all numbers are 0: nobody should ask that
 * (`saysNothing`).
 *
 * Points that are damaged, unreadable or of a newer format are not counted and not removed, and those that are being
 * checked are not removed: unless a rule keeps them, they are in neither list.
 * @param points newest first, as the repository lists them
 */
export function retain<P extends RatedPoint>(
  points: readonly P[],
  policy: RetentionPolicy,
  timeZone: string,
): Retained<P> {
  const guards = guardsOf(points)
  const periodsOf = periodsIn(timeZone)
  const chosen = {
    daily: new Set<string>(),
    weekly: new Set<string>(),
    monthly: new Set<string>(),
    yearly: new Set<string>(),
  }
  const keep: { point: P; rules: RetentionRule[] }[] = []
  const remove: { point: P; reason: string }[] = []
  let counted = 0
  for (const point of points) {
    const rules: RetentionRule[] = []
    const missed: string[] = []
    if (isSound(point)) {
      const periods = periodsOf(point.createdAt)
      counted += 1
      if (counted <= policy.last) rules.push('last')
      else if (policy.last > 0) missed.push(`it is not one of the newest ${policy.last}`)
      for (const rule of calendar) {
        const full = chosen[rule].size >= policy[rule]
        if (chosen[rule].has(periods[rule])) missed.push(`its ${word[rule]} has a newer one`)
        else if (!full) {
          chosen[rule].add(periods[rule])
          rules.push(rule)
        } else if (policy[rule] > 0)
          missed.push(`its ${word[rule]} is not one of the newest ${policy[rule]} that have one`)
      }
    }
    rules.push(...(guards.get(point.id) ?? []))
    if (rules.length > 0) keep.push({ point, rules })
    else if (isSound(point) && point.index.kind !== 'checking') remove.push({ point, reason: sentence(missed) })
  }
  return { keep, remove }
}

function sentence(missed: readonly string[]): string {
  if (missed.length === 0) return 'No rule keeps it.'
  const text = missed.join(', and ')
  return `${text[0]?.toUpperCase()}${text.slice(1)}.`
}
