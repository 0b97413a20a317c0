import fc from 'fast-check'
import { expect, it } from 'vitest'
import { extentsOf } from '../../../../electron/core/extents/extents.ts'
import { decodeCopied, encodeCopied } from '../../../../electron/core/repository/copied-file.ts'

const virtualSize = 2 ** 44
const extent = fc.record({
  offset: fc.nat(2 ** 31 - 1).map((at) => at * 4096),
  length: fc.integer({ min: 1, max: 2 ** 30 }),
})
const lists = fc
  .tuple(fc.array(extent, { maxLength: 40 }), fc.constantFrom(0, 65536))
  .map(([ranges, granularity]) => ({ virtualSize, granularity, extents: extentsOf(ranges) }))

it('a list of what was copied is read back as it was written', () => {
  fc.assert(
    fc.property(lists, (copied) => {
      expect(decodeCopied(encodeCopied(copied))).toEqual({ kind: 'sound', copied })
    }),
  )
})

it('no flipped bit and no cut passes for such a list', () => {
  fc.assert(
    fc.property(lists, fc.nat(), fc.nat(7), fc.nat(), (copied, where, bit, cut) => {
      const file = encodeCopied(copied)
      const flipped = Buffer.from(file)
      flipped[where % file.length] = (flipped[where % file.length] ?? 0) ^ (1 << bit)
      expect(decodeCopied(flipped).kind).not.toBe('sound')
      expect(decodeCopied(file.subarray(0, cut % file.length)).kind).not.toBe('sound')
    }),
  )
})

it('extents out of order, or past the end of the disk, make no sense', () => {
  const list = (extents: { offset: number; length: number }[]) =>
    decodeCopied(encodeCopied({ virtualSize: 1 << 20, granularity: 65536, extents })).kind
  expect(list([{ offset: 0, length: 65536 }])).toBe('sound')
  expect(list([{ offset: 0, length: 2 << 20 }])).toBe('broken')
  expect(
    list([
      { offset: 65536 * 2, length: 65536 },
      { offset: 0, length: 65536 },
    ]),
  ).toBe('broken')
  expect(
    list([
      { offset: 0, length: 65536 },
      { offset: 65536, length: 65536 },
    ]),
  ).toBe('broken')
})
