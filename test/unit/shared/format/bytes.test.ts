import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  formatBytes,
  formatBytesLike,
  formatBytesOf,
  formatExactBytes,
  formatRate,
  speakBytes,
  speakBytesOf,
  type Units,
} from '../../../../shared/format/bytes.ts'

const en = 'en-GB'
const units = fc.constantFrom<Units>('decimal', 'binary')
const sizes = fc.integer({ min: 0, max: 2 ** 50 })

test.each([
  [0, '0\u00a0bytes'],
  [1, '1\u00a0byte'],
  [999, '999\u00a0bytes'],
  [1000, '1.00\u00a0KB'],
  [640_000_000, '640\u00a0MB'],
  [999_499_999, '999\u00a0MB'],
  [999_600_000, '1.00\u00a0GB'],
  [4_030_000_000, '4.03\u00a0GB'],
  [38_400_000_000, '38.4\u00a0GB'],
])('%d bytes read %s', (bytes, text) => {
  expect(formatBytes(bytes, 'decimal', en)).toBe(text)
})

test('binary units count like qemu-img', () => {
  expect(formatBytes(2 ** 30, 'binary', en)).toBe('1.00\u00a0GiB')
  expect(formatBytes(1023, 'binary', en)).toBe('1,023\u00a0bytes')
})

test('a part and its whole share one unit', () => {
  expect(formatBytesOf(4_030_000_000, 9_600_000_000, 'decimal', en)).toBe('4.03 of 9.60\u00a0GB')
  expect(formatBytesOf(12_000_000, 9_600_000_000, 'decimal', en)).toBe('0.01 of 9.60\u00a0GB')
  expect(formatBytesOf(0, 9_600_000_000, 'decimal', en)).toBe('0 of 9.60\u00a0GB')
  expect(formatBytesLike(910_000_000, 9_600_000_000, 'decimal', en)).toBe('0.91\u00a0GB')
})

test('a tooltip has every byte and the other unit', () => {
  expect(formatExactBytes(2 ** 30, 'decimal', en)).toBe('1,073,741,824\u00a0bytes, 1.00\u00a0GiB')
})

test('a rate that stands still is zero megabytes', () => {
  expect(formatRate(0, 'decimal', en)).toBe('0\u00a0MB/s')
  expect(formatRate(186_000_000, 'decimal', en)).toBe('186\u00a0MB/s')
})

test('screen readers hear whole words', () => {
  expect(speakBytes(1_200_000_000, 'decimal', en)).toBe('1.2 gigabytes')
  expect(speakBytes(1_000_000, 'decimal', en)).toBe('1 megabyte')
  expect(speakBytesOf(4_030_000_000, 9_600_000_000, 'decimal', en)).toBe('4.03 of 9.6 gigabytes')
})

test('no size ever shows more than three significant digits above a kilobyte, nor a plain space', () => {
  fc.assert(
    fc.property(sizes, units, (bytes, unit) => {
      const text = formatBytes(bytes, unit, en)
      expect(text).toMatch(/^[\d.,]+\u00a0\S+$/)
      const number = (text.split('\u00a0')[0] ?? '').replace(/[.,]/g, '')
      const limit = bytes < (unit === 'decimal' ? 1000 : 1024) || unit === 'binary' ? 4 : 3
      expect(number.replace(/^0+(?=\d)/, '').length).toBeLessThanOrEqual(limit)
    }),
  )
})

test('a bigger size never reads smaller', () => {
  const value = (text: string, unit: Units) => {
    const [number = '', name = ''] = text.split('\u00a0')
    const symbols =
      unit === 'decimal' ? ['byte', 'KB', 'MB', 'GB', 'TB', 'PB'] : ['byte', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
    return (
      Number(number.replace(/,/g, '')) * (unit === 'decimal' ? 1000 : 1024) ** symbols.indexOf(name.replace(/s$/, ''))
    )
  }
  fc.assert(
    fc.property(sizes, sizes, units, (a, b, unit) => {
      const [small, large] = a < b ? [a, b] : [b, a]
      expect(value(formatBytes(small, unit, en), unit)).toBeLessThanOrEqual(value(formatBytes(large, unit, en), unit))
    }),
  )
})
