import { describe, expect, it } from 'vitest'
import { RateMeter } from '../../../../electron/core/jobs/rate.ts'

const megabyte = 1_000_000

describe('rate and time left', () => {
  it('say nothing early: a rate after 3 s, an estimate after 10 s and 2 %', () => {
    const meter = new RateMeter()
    const total = 1000 * megabyte
    for (let second = 0; second < 3; second++) {
      expect(meter.progress(second * 1000, second * 10 * megabyte, total).bytesPerSecond).toBeNull()
    }
    expect(meter.progress(3000, 30 * megabyte, total)).toMatchObject({
      bytesPerSecond: 10 * megabyte,
      secondsLeft: null,
    })
    for (let second = 4; second < 10; second++) {
      expect(meter.progress(second * 1000, second * 10 * megabyte, total).secondsLeft).toBeNull()
    }
    expect(meter.progress(10_000, 100 * megabyte, total).secondsLeft).toBeCloseTo(90)
  })

  it('keep quiet below 2 %', () => {
    const meter = new RateMeter()
    let last = meter.progress(0, 0, 10_000 * megabyte)
    for (let second = 1; second < 15; second++)
      last = meter.progress(second * 1000, second * megabyte, 10_000 * megabyte)
    expect(last.secondsLeft).toBeNull()
  })

  it('do not jump: a tenth off is not worth a new estimate, more is', () => {
    const meter = new RateMeter()
    const total = 1000 * megabyte
    for (let second = 0; second <= 10; second++) meter.progress(second * 1000, second * 10 * megabyte, total)
    expect(meter.progress(11_000, 109 * megabyte, total).secondsLeft).toBeCloseTo(89)
    let last = meter.progress(12_000, 110 * megabyte, total)
    for (let second = 13; second < 19; second++) last = meter.progress(second * 1000, (110 + second) * megabyte, total)
    expect(last.secondsLeft ?? 0).toBeGreaterThan(150)
  })

  it('call 5 s without a byte 0 MB/s and a pause no time at all', () => {
    const meter = new RateMeter()
    for (let second = 0; second <= 10; second++) meter.progress(second * 1000, second * 10 * megabyte, 1000 * megabyte)
    let last = meter.progress(11_000, 100 * megabyte, 1000 * megabyte)
    for (let second = 12; second <= 15; second++) last = meter.progress(second * 1000, 100 * megabyte, 1000 * megabyte)
    expect(last).toMatchObject({ bytesPerSecond: 0, secondsLeft: null })
    meter.pause()
    meter.progress(100_000, 100 * megabyte, 1000 * megabyte)
    expect(meter.progress(103_000, 130 * megabyte, 1000 * megabyte).bytesPerSecond).toBe(10 * megabyte)
  })
})
