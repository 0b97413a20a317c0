import fc from 'fast-check'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Holders } from '../../../../electron/core/export/holders.ts'

const limits = { firstMs: 15_000, lastMs: 5_000 }

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('an export waits 15 s for its first holder and 5 s after its last one', () => {
  const nobody = vi.fn()
  const holders = new Holders(limits, nobody)
  vi.advanceTimersByTime(60_000)
  expect(nobody).not.toHaveBeenCalled()
  holders.ready()
  vi.advanceTimersByTime(14_999)
  const leave = holders.enter()
  vi.advanceTimersByTime(600_000)
  leave()
  vi.advanceTimersByTime(4_999)
  expect(nobody).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(nobody).toHaveBeenCalledOnce()
})

const step = fc.oneof(
  fc.constant({ kind: 'enter' as const }),
  fc.record({ kind: fc.constant('leave' as const), which: fc.nat(4) }),
  fc.constant({ kind: 'ready' as const }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 20_000 }) }),
)

it('an export ends exactly when nobody has held it for its time, and never while somebody does', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      vi.useFakeTimers()
      const nobody = vi.fn()
      const holders = new Holders(limits, nobody)
      const inside: (() => void)[] = []
      let [left, over]: [number | null, boolean] = [null, false]
      for (const one of steps) {
        if (one.kind === 'enter') {
          inside.push(holders.enter())
          left = null
        } else if (one.kind === 'leave' && inside.length > 0) {
          const [leave] = inside.splice(one.which % inside.length, 1)
          leave?.()
          leave?.()
          if (inside.length === 0) left = limits.lastMs
        } else if (one.kind === 'ready') {
          holders.ready()
          if (inside.length === 0) left ??= limits.firstMs
        } else if (one.kind === 'wait') {
          vi.advanceTimersByTime(one.ms)
          if (left !== null) left -= one.ms
          over ||= left !== null && left <= 0
        }
        expect(nobody).toHaveBeenCalledTimes(over ? 1 : 0)
      }
      holders.close()
    }),
  )
})

it('an export that is over tells nobody', () => {
  const nobody = vi.fn()
  const holders = new Holders(limits, nobody)
  holders.enter()()
  holders.close()
  vi.advanceTimersByTime(60_000)
  expect(nobody).not.toHaveBeenCalled()
})
