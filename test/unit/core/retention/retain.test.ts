import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RatedPoint } from '../../../../electron/core/retention/guards.ts'
import { retain, saysNothing } from '../../../../electron/core/retention/retain.ts'
import { JobId, PointId } from '../../../../shared/domain/ids.ts'
import type { Verification } from '../../../../shared/domain/point.ts'
import type { RetentionPolicy } from '../../../../shared/domain/retention.ts'

const day = 86_400_000
const start = Date.parse('2026-03-01T12:00:00Z')
const none: RetentionPolicy = { last: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 }
const idOf = (number: number) => PointId.parse(number.toString(36).padStart(12, '0'))

const verdict = (ok: boolean, level: Verification['level']): Verification => ({
  ok,
  level,
  at: '2026-03-01T00:00:00.000Z',
  damage: [],
  foundIn: null,
})

function pointAt(number: number, time: number, change: Partial<RatedPoint> = {}): RatedPoint {
  return {
    id: idOf(number),
    createdAt: new Date(time).toISOString(),
    pinned: false,
    verification: null,
    unreadable: null,
    index: { kind: 'complete' },
    ...change,
  }
}

const condition = fc.record({
  pinned: fc.constantFrom(false, false, true),
  verification: fc.constantFrom(
    null,
    null,
    verdict(true, 'structure'),
    verdict(true, 'content'),
    verdict(true, 'live'),
    verdict(false, 'content'),
  ),
  unreadable: fc.constantFrom(null, null, null, 'It is broken.'),
  index: fc.constantFrom(
    { kind: 'complete' } as const,
    { kind: 'none' } as const,
    {
      kind: 'checking',
      jobId: JobId.parse('aaaaaaaaaaaa'),
    } as const,
  ),
})

/** Newest first, with gaps between a second and five weeks. */
const points = fc
  .array(fc.tuple(fc.integer({ min: 1000, max: 35 * day }), condition), { maxLength: 40 })
  .map((steps) => {
    let time = start
    return steps.map(([gap, change], number) => {
      time -= gap
      return pointAt(number, time, change)
    })
  })

const count = fc.integer({ min: 0, max: 8 })
const policies = fc.record({ last: count, daily: count, weekly: count, monthly: count, yearly: count })
const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/St_Johns', 'Pacific/Kiritimati', 'Asia/Kathmandu')
const ids = (items: readonly { readonly point: RatedPoint }[]) => items.map(({ point }) => point.id)

describe('whatever the numbers say', () => {
  it('pinned points, the last good and the last verified one stay', () => {
    fc.assert(
      fc.property(points, policies, zones, (all, policy, zone) => {
        const removed = new Set(ids(retain(all, policy, zone).remove))
        const good = all.filter((point) => point.unreadable === null && point.verification?.ok !== false)
        const verified = good.find((point) => point.verification && point.verification.level !== 'structure')
        for (const point of all) if (point.pinned) expect(removed).not.toContain(point.id)
        if (good[0]) expect(removed).not.toContain(good[0].id)
        if (verified) expect(removed).not.toContain(verified.id)
      }),
    )
  })

  it('damaged, unreadable and just checked points are not removed, and damaged ones take nobody’s place', () => {
    fc.assert(
      fc.property(points, policies, zones, (all, policy, zone) => {
        const result = retain(all, policy, zone)
        const sound = all.filter((point) => point.unreadable === null && point.verification?.ok !== false)
        for (const { point } of result.remove) {
          expect(sound).toContain(point)
          expect(point.index.kind).not.toBe('checking')
        }
        expect(ids(retain(sound, policy, zone).remove)).toEqual(ids(result.remove))
      }),
    )
  })

  it('every kept point names a rule, every removed one a reason, and none is in both', () => {
    fc.assert(
      fc.property(points, policies, zones, (all, policy, zone) => {
        const { keep, remove } = retain(all, policy, zone)
        for (const { rules } of keep) expect(rules.length).toBeGreaterThan(0)
        for (const { reason } of remove) expect(reason).toMatch(/^[A-Z].*\.$/)
        expect(new Set([...ids(keep), ...ids(remove)]).size).toBe(keep.length + remove.length)
        if (policy.last > 0) {
          const newest = all.find((point) => point.unreadable === null && point.verification?.ok !== false)
          if (newest) expect(keep.find(({ point }) => point === newest)?.rules).toContain('last')
        }
      }),
    )
  })
})

describe('the numbers', () => {
  it('a higher number never removes more', () => {
    const raised = fc.tuple(policies, fc.constantFrom('last', 'daily', 'weekly', 'monthly', 'yearly'), count)
    fc.assert(
      fc.property(points, raised, zones, (all, [policy, rule, more], zone) => {
        const removed = new Set(ids(retain(all, policy, zone).remove))
        const now = ids(retain(all, { ...policy, [rule as 'last']: policy[rule as 'last'] + more }, zone).remove)
        for (const id of now) expect(removed).toContain(id)
      }),
    )
  })

  it('what was pruned once is not pruned further', () => {
    fc.assert(
      fc.property(points, policies, zones, (all, policy, zone) => {
        const removed = new Set(ids(retain(all, policy, zone).remove))
        const left = all.filter((point) => !removed.has(point.id))
        expect(retain(left, policy, zone).remove).toEqual([])
      }),
    )
  })

  it('a pause of any number of days removes nothing more and keeps nothing more', () => {
    const simple = fc.record({ last: count, daily: count })
    fc.assert(
      fc.property(points, simple, fc.nat(40), fc.integer({ min: 1, max: 800 }), (all, numbers, from, days) => {
        const policy = { ...none, ...numbers }
        const apart = all.map((point, at) =>
          at < from ? point : { ...point, createdAt: new Date(Date.parse(point.createdAt) - days * day).toISOString() },
        )
        const split = all[from - 1] && all[from] && sameDay(all[from - 1], all[from])
        fc.pre(!split)
        expect(ids(retain(apart, policy, 'UTC').remove)).toEqual(ids(retain(all, policy, 'UTC').remove))
      }),
    )
  })

  it('keep the newest of each of the most recent days, weeks, months and years that have a point', () => {
    const times = [
      '2026-03-01T10:00',
      '2026-03-01T09:00',
      '2026-02-28T10:00',
      '2026-02-22T10:00',
      '2025-12-29T10:00',
      '2025-12-28T10:00',
      '2024-06-01T10:00',
    ]
    const all = times.map((time, at) => pointAt(at, Date.parse(`${time}:00Z`)))
    const kept = (change: Partial<RetentionPolicy>) =>
      retain(all, { ...none, ...change }, 'UTC').keep.map(({ point }) => all.indexOf(point))
    expect(kept({ last: 2 })).toEqual([0, 1])
    expect(kept({ daily: 3 })).toEqual([0, 2, 3])
    expect(kept({ weekly: 3 })).toEqual([0, 3, 4])
    expect(kept({ monthly: 3 })).toEqual([0, 2, 4])
    expect(kept({ yearly: 9 })).toEqual([0, 4, 6])
  })

  it('after three weeks without a backup the first one pushes out one point, not three weeks of them', () => {
    const before = [30, 31, 32, 33, 34, 35, 36].map((days, at) => pointAt(at + 1, start - days * day))
    const policy = { ...none, daily: 7 }
    expect(retain(before, policy, 'UTC').remove).toEqual([])
    const { remove } = retain([pointAt(0, start), ...before], policy, 'UTC')
    expect(remove).toEqual([{ point: before[6], reason: 'Its day is not one of the newest 7 that have one.' }])
  })

  it('days are those of the time zone', () => {
    const all = ['2026-03-02T03:00', '2026-03-02T01:00'].map((time, at) => pointAt(at, Date.parse(`${time}:00Z`)))
    expect(retain(all, { ...none, daily: 5 }, 'UTC').keep).toHaveLength(1)
    expect(retain(all, { ...none, daily: 5 }, 'America/Sao_Paulo').keep).toHaveLength(2)
    expect(retain(all, { ...none, daily: 5 }, 'America/New_York').keep).toHaveLength(1)
  })

  it('say nothing when all of them are 0', () => {
    expect(saysNothing(none)).toBe(true)
    expect(saysNothing({ ...none, yearly: 1 })).toBe(false)
  })
})

function sameDay(a: RatedPoint | undefined, b: RatedPoint | undefined): boolean {
  return a?.createdAt.slice(0, 10) === b?.createdAt.slice(0, 10)
}
