import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type DateStyle,
  dayKey,
  formatAge,
  formatAgeWords,
  formatDay,
  formatExactTime,
  formatMoment,
  formatSpan,
  formatTitle,
} from '../../../../shared/format/dates.ts'

const now = new Date('2026-11-22T14:02:00Z')
const style: DateStyle = { now, locale: 'en-GB', timeZone: 'UTC' }

test.each([
  ['2026-11-22T09:00:00Z', 'Today 09:00'],
  ['2026-11-21T21:00:07Z', 'Yesterday 21:00'],
  ['2026-11-20T08:00:00Z', 'Friday 08:00'],
  ['2026-11-16T08:00:00Z', 'Monday 08:00'],
  ['2026-11-15T08:00:00Z', '15 Nov 08:00'],
  ['2025-11-09T08:00:00Z', '9 Nov 2025 08:00'],
])('%s reads %s', (moment, text) => {
  expect(formatMoment(moment, style)).toBe(text)
})

test('the locale decides between 12 and 24 hours', () => {
  expect(formatTitle('2026-11-21T21:00:07Z', { ...style, locale: 'en-US' })).toMatch(/^Yesterday, 9:00\sPM$/)
  expect(formatExactTime('2026-11-21T21:00:07Z', style)).toBe('21 Nov 2026, 21:00:07')
})

test('midnight divides days in the viewer\u2019s time zone', () => {
  const tokyo = { ...style, timeZone: 'Asia/Tokyo' }
  expect(formatDay('2026-11-22T14:59:00Z', tokyo)).toBe('Today')
  expect(formatDay('2026-11-21T14:59:00Z', tokyo)).toBe('Yesterday')
})

test('ages are rounded down and never negative', () => {
  expect(formatAge('2026-11-22T09:00:00Z', now)).toBe('5\u00a0h ago')
  expect(formatAge('2026-11-19T09:00:00Z', now)).toBe('3 days ago')
  expect(formatAgeWords('2026-11-22T13:00:00Z', now)).toBe('1 hour ago')
  expect(formatSpan('2026-11-19T09:00:00Z', now)).toBe('3 days')
  expect(formatAge('2027-01-01T00:00:00Z', now)).toBe('now')
})

test('two moments share a heading exactly when they share a calendar day', () => {
  const moment = fc.date({ min: new Date('2024-01-01'), max: now, noInvalidDate: true })
  fc.assert(
    fc.property(moment, moment, (a, b) => {
      const same = dayKey(a, style) === dayKey(b, style)
      expect(formatDay(a, style) === formatDay(b, style)).toBe(same)
    }),
  )
})
