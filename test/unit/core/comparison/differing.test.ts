import fc from 'fast-check'
import { expect, it } from 'vitest'
import { differingChunks } from '../../../../electron/core/comparison/differing.ts'
import { piecesOf } from '../../../../electron/core/extents/extents.ts'
import {
  type ContentIndex,
  chunkCount,
  chunkSize,
  hashSize,
} from '../../../../electron/core/repository/content-index/format.ts'

const size = 20 * chunkSize + 4096
const indexOf = (marks: readonly number[]): ContentIndex => {
  const hashes = new Uint8Array(chunkCount(size) * hashSize)
  for (const [chunk, mark] of marks.entries()) hashes[chunk * hashSize + (mark % hashSize)] = mark
  return { virtualSize: size, hashes }
}
const marks = fc.array(fc.nat(3), { minLength: chunkCount(size), maxLength: chunkCount(size) })

it('exactly the chunks that differ are named, and never a byte past the disk', () => {
  fc.assert(
    fc.property(marks, marks, (a, b) => {
      const found = differingChunks(indexOf(a), indexOf(b))
      const expected = a.flatMap((mark, chunk) => (mark === b[chunk] ? [] : [chunk]))
      expect([...piecesOf(found, chunkSize)]).toEqual(expected)
      for (const { offset, length } of found) expect(offset + length).toBeLessThanOrEqual(size)
    }),
  )
})

it('disks of different sizes are not compared', () => {
  const other = { virtualSize: size + 512, hashes: new Uint8Array(chunkCount(size) * hashSize) }
  expect(() => differingChunks(indexOf([]), other)).toThrow('same size')
})
