import fc from 'fast-check'
import { expect, test } from 'vitest'
import { advance, startOfCopy, totalOf } from '../../../../electron/core/backup/progress.ts'

test('progress never goes back, never passes its total, and is below 1 until all is done', () => {
  const sample = fc.record({
    allocatedBytes: fc.array(fc.option(fc.nat({ max: 2e12 })), { minLength: 3, maxLength: 3 }),
    finished: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
  })
  const sizes = fc.array(fc.nat({ max: 1e12 }), { minLength: 3, maxLength: 3 })
  fc.assert(
    fc.property(sizes, fc.array(sample), (bytes, samples) => {
      let disks = startOfCopy(bytes.map((bytesToCopy) => ({ bytesToCopy })))
      for (const next of samples) {
        const before = totalOf(disks)
        disks = advance(disks, next)
        const now = totalOf(disks)
        expect(now.fraction).toBeGreaterThanOrEqual(before.fraction)
        expect(now.fraction).toBeLessThan(1)
        expect(now.doneBytes).toBeGreaterThanOrEqual(before.doneBytes)
        expect(now.doneBytes).toBeLessThanOrEqual(now.totalBytes)
      }
      expect(totalOf(disks, true).fraction).toBe(1)
    }),
  )
})

test('a finished disk counts in full, even where zeroes were not written', () => {
  const disks = advance(startOfCopy([{ bytesToCopy: 100 }, { bytesToCopy: 100 }]), {
    allocatedBytes: [10, 50],
    finished: [true, false],
  })
  expect(totalOf(disks)).toMatchObject({ doneBytes: 150, totalBytes: 200, fraction: 0.75 })
})
