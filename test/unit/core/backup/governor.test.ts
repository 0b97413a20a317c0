import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  allowedSpeed,
  type Governor,
  type GovernorLook,
  govern,
  lowestSpeed,
  suffers,
  ungoverned,
} from '../../../../electron/core/backup/governor.ts'

const mebibyte = 1 << 20
const calm: GovernorLook = {
  latency: { writeMs: 2, flushMs: null },
  idle: { writeMs: 2, flushMs: null },
  bytesPerSecond: 100 * mebibyte,
  limit: null,
}
const suffering: GovernorLook = { ...calm, latency: { writeMs: 80, flushMs: null } }

const latency = fc.record({
  writeMs: fc.option(fc.double({ min: 0, max: 5000, noNaN: true })),
  flushMs: fc.option(fc.double({ min: 0, max: 5000, noNaN: true })),
})
const look: fc.Arbitrary<GovernorLook> = fc.record({
  latency,
  idle: latency,
  bytesPerSecond: fc.double({ min: 0, max: 4 * 1024 * mebibyte, noNaN: true }),
  limit: fc.option(fc.integer({ min: 1, max: 1024 * mebibyte })),
})
const after = (looks: readonly GovernorLook[]) => looks.reduce(govern, ungoverned)

test('a guest suffers when its writes take three times as long as before, and long enough to matter', () => {
  const wait = (writeMs: number | null, idleMs: number | null) =>
    suffers({ ...calm, latency: { writeMs, flushMs: null }, idle: { writeMs: idleMs, flushMs: null } })
  expect(wait(19, 1)).toBe(false)
  expect(wait(21, 1)).toBe(true)
  expect(wait(29, 10)).toBe(false)
  expect(wait(31, 10)).toBe(true)
  expect(wait(59, null)).toBe(false)
  expect(wait(61, null)).toBe(true)
})

test('a guest that hardly writes is not judged, and slow flushes count as well', () => {
  expect(suffers({ ...calm, latency: { writeMs: null, flushMs: null } })).toBe(false)
  expect(suffers({ ...calm, latency: { writeMs: 1, flushMs: 300 }, idle: { writeMs: 1, flushMs: 20 } })).toBe(true)
})

test('a suffering guest halves what is copied, look by look, down to a floor', () => {
  const first = govern(ungoverned, suffering)
  expect(first.speed).toBe(50 * mebibyte)
  expect(govern(first, { ...suffering, bytesPerSecond: 50 * mebibyte }).speed).toBe(25 * mebibyte)
  expect(after(Array.from({ length: 12 }, () => suffering)).speed).toBe(lowestSpeed)
})

test('a guest of which nothing is heard for a while may be waiting: the copy stays as it is', () => {
  const slow: Governor = { ...ungoverned, speed: 8 * mebibyte }
  const silent = { ...calm, latency: { writeMs: null, flushMs: null } }
  const later = (looks: number) => Array.from({ length: looks }, () => silent).reduce(govern, slow)
  expect(later(15).speed).toBe(8 * mebibyte)
  expect(later(17).speed).toBe(12 * mebibyte)
})

test('a guest that waits many seconds for each write gets its copy slowed all the same', () => {
  const looks = [
    suffering,
    ...Array.from({ length: 4 }, () => ({ ...calm, latency: { writeMs: null, flushMs: null } })),
  ]
  let governor: Governor = ungoverned
  for (let round = 0; round < 8; round += 1) governor = looks.reduce(govern, governor)
  expect(governor.speed).toBe(lowestSpeed)
})

test('a calm guest gets the copy back step by step', () => {
  const slow: Governor = { ...ungoverned, speed: 8 * mebibyte }
  expect(govern(slow, calm).speed).toBe(8 * mebibyte)
  expect(govern(govern(slow, calm), calm).speed).toBe(12 * mebibyte)
})

test('a limit of the person is never exceeded, nor is the copy ever below the floor', () => {
  fc.assert(
    fc.property(
      fc.array(look, { maxLength: 60 }),
      fc.option(fc.integer({ min: 1, max: 1024 * mebibyte })),
      (looks, limit) => {
        const governor = after(looks)
        const allowed = allowedSpeed(governor, limit)
        if (limit !== null) expect(allowed).toBeLessThanOrEqual(limit)
        if (allowed !== null) expect(allowed).toBeGreaterThanOrEqual(1)
        const last = looks.at(-1)
        if (last && governor.speed !== null) {
          expect(governor.speed).toBeGreaterThanOrEqual(Math.min(lowestSpeed, last.limit ?? lowestSpeed))
        }
      },
    ),
  )
})

test('whatever happened, a copy is free again once the guest is calm', () => {
  fc.assert(
    fc.property(fc.array(look, { maxLength: 60 }), look, (looks, last) => {
      const quiet = { ...last, latency: { writeMs: null, flushMs: null } }
      let governor = after(looks)
      for (let count = 0; count < 80 && governor.speed !== null; count += 1) governor = govern(governor, quiet)
      expect(governor.speed).toBeNull()
      expect(allowedSpeed(governor, last.limit)).toBe(last.limit)
    }),
  )
})

test('a guest that is slow for other reasons does not hold the copy down for ever', () => {
  fc.assert(
    fc.property(look, (given) => {
      fc.pre(given.latency.writeMs !== null || given.latency.flushMs !== null)
      let governor: Governor = ungoverned
      let wasFree = false
      for (let count = 0; count < 150 && !wasFree; count += 1) {
        // What is copied follows what may be copied; the guest's latency does not.
        const bytesPerSecond = Math.min(given.bytesPerSecond, allowedSpeed(governor, given.limit) ?? Number.MAX_VALUE)
        governor = govern(governor, { ...given, bytesPerSecond })
        wasFree = governor.speed === null
      }
      expect(wasFree).toBe(true)
    }),
  )
})
