import { expect, test } from 'vitest'
import { StallWatch } from '../../../../electron/core/backup/stall.ts'

test('a copy stands still once nothing moved for two minutes, and no more as soon as something does', () => {
  const watch = new StallWatch()
  expect(watch.look(0, 5, false)).toBeNull()
  expect(watch.look(119_000, 5, false)).toBeNull()
  expect(watch.look(120_000, 5, false)).toBe(120_000)
  expect(watch.look(130_000, 6, false)).toBeNull()
  expect(watch.look(249_000, 6, false)).toBeNull()
  expect(watch.look(250_000, 6, false)).toBe(120_000)
})

test('a monitor that does not answer is no movement', () => {
  const watch = new StallWatch(1000)
  watch.look(0, 5, false)
  expect(watch.look(900, null, false)).toBeNull()
  expect(watch.look(1000, null, false)).toBe(1000)
  expect(watch.look(1500, 5, false)).toBe(1500)
})

test('the time of a pause does not count', () => {
  const watch = new StallWatch(1000)
  watch.look(0, 5, false)
  expect(watch.look(900, 5, true)).toBeNull()
  expect(watch.look(50_000, 5, true)).toBeNull()
  expect(watch.look(50_900, 5, false)).toBeNull()
  expect(watch.look(51_000, 5, false)).toBe(1000)
})
