import fc from 'fast-check'
import { expect, test } from 'vitest'
import { etaWords, formatDuration, speakDuration, steadyEta } from '../../../../shared/format/duration.ts'

test.each([
  [84, '84\u00a0ms'],
  [999.6, '1.0\u00a0s'],
  [1400, '1.4\u00a0s'],
  [52_000, '52\u00a0s'],
  [59_700, '1\u00a0min'],
  [134_000, '2\u00a0min 14\u00a0s'],
  [4_800_000, '1\u00a0h 20\u00a0min'],
  [259_200_000, '3\u00a0days'],
])('%d ms read %s', (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text)
})

test('screen readers hear whole words', () => {
  expect(speakDuration(92)).toBe('92 milliseconds')
  expect(speakDuration(52_000)).toBe('52 seconds')
  expect(speakDuration(134_000)).toBe('2 minutes 14 seconds')
  expect(speakDuration(3_600_000)).toBe('1 hour')
})

test.each([
  [2, 'a few seconds'],
  [28, 'about 30 seconds'],
  [58, 'about 1 minute'],
  [240, 'about 4 minutes'],
  [4800, 'about 1 hour 20 minutes'],
  [7210, 'about 2 hours'],
])('%d s left read %s', (seconds, text) => {
  expect(etaWords(seconds)).toBe(text)
})

test('time left is worded in steps of five seconds, minutes, then five minutes', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 400_000, noNaN: true }), (seconds) => {
      expect(etaWords(seconds)).toMatch(
        /^(a few seconds|about \d*[05] seconds|about \d+ minutes?|about \d+ hours?( \d*[05] minutes)?)$/,
      )
    }),
  )
})

test('time left changes only when it is off by more than a tenth', () => {
  expect(steadyEta(null, 100)).toBe(100)
  expect(steadyEta(100, null)).toBeNull()
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 0, max: 100_000 }), (shown, estimate) => {
      const next = steadyEta(shown, estimate)
      expect(next).toBe(Math.abs(estimate - shown) > shown * 0.1 ? estimate : shown)
    }),
  )
})
