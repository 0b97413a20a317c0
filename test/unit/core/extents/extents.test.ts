import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  aligned,
  bytesIn,
  difference,
  type Extent,
  type Extents,
  extentsOf,
  intersection,
  piecesOf,
  union,
} from '../../../../electron/core/extents/extents.ts'

const size = 200
const range = fc.record({ offset: fc.nat(size - 1), length: fc.nat(40) })
const ranges = fc.array(range, { maxLength: 12 })

const bytes = (extents: Iterable<Extent>) => {
  const found = new Set<number>()
  for (const { offset, length } of extents) for (let at = 0; at < length; at += 1) found.add(offset + at)
  return found
}

const isSet = (extents: Extents) =>
  extents.every((extent, at) => {
    const next = extents[at + 1]
    return extent.length > 0 && (next === undefined || next.offset > extent.offset + extent.length)
  })

describe('a set of byte ranges', () => {
  it('holds exactly the bytes of the ranges it was made of, sorted and apart', () => {
    fc.assert(
      fc.property(ranges, (given) => {
        const set = extentsOf(given)
        expect(isSet(set)).toBe(true)
        expect(bytes(set)).toEqual(bytes(given))
        expect(bytesIn(set)).toBe(bytes(given).size)
      }),
    )
  })

  it('is united, intersected and subtracted byte by byte', () => {
    fc.assert(
      fc.property(ranges, ranges, (one, two) => {
        const [a, b] = [extentsOf(one), extentsOf(two)]
        const [inA, inB] = [bytes(a), bytes(b)]
        expect(bytes(union(a, b))).toEqual(new Set([...inA, ...inB]))
        expect(bytes(intersection(a, b))).toEqual(new Set([...inA].filter((at) => inB.has(at))))
        expect(bytes(difference(a, b))).toEqual(new Set([...inA].filter((at) => !inB.has(at))))
        for (const set of [union(a, b), intersection(a, b), difference(a, b)]) expect(isSet(set)).toBe(true)
      }),
    )
  })

  it('grows to whole steps, and names the pieces it lies in once each', () => {
    fc.assert(
      fc.property(ranges, fc.integer({ min: 1, max: 32 }), (given, step) => {
        const set = extentsOf(given)
        const pieces = [...new Set([...bytes(set)].map((at) => Math.floor(at / step)))].sort((a, b) => a - b)
        expect([...piecesOf(set, step)]).toEqual(pieces)
        const end = Math.max(0, ...set.map(({ offset, length }) => offset + length))
        const grown = bytes(aligned(set, step, end))
        expect([...grown].every((at) => pieces.includes(Math.floor(at / step)) && at < end)).toBe(true)
        expect([...bytes(set)].every((at) => grown.has(at))).toBe(true)
      }),
    )
  })
})
