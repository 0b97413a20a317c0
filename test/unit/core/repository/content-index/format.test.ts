import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { extentsOf } from '../../../../../electron/core/extents/extents.ts'
import {
  beginningLength,
  chunkCount,
  chunkLength,
  chunkSize,
  dataBy,
  decodeIndex,
  encodeIndex,
  hashSize,
  isZeroHash,
  rootOf,
} from '../../../../../electron/core/repository/content-index/format.ts'

const indexes = fc
  .tuple(fc.array(fc.boolean(), { maxLength: 70 }), fc.integer({ min: 1, max: chunkSize }))
  .map(([chunks, last]) => {
    const virtualSize = chunks.length === 0 ? 0 : (chunks.length - 1) * chunkSize + last
    const hashes = new Uint8Array(chunks.length * hashSize)
    chunks.forEach((data, at) => {
      if (data) hashes.set(createHash('sha256').update(String(at)).digest(), at * hashSize)
    })
    return { virtualSize, hashes }
  })

it('an index is read back as it was written', () => {
  fc.assert(
    fc.property(indexes, (index) => {
      const reading = decodeIndex(encodeIndex(index))
      expect(reading).toEqual({ kind: 'sound', root: rootOf(index), index: { ...index, hashes: expect.anything() } })
      if (reading.kind === 'sound') expect(Buffer.from(reading.index.hashes).equals(index.hashes)).toBe(true)
    }),
  )
})

it('no flipped bit and no cut passes for an index', () => {
  fc.assert(
    fc.property(indexes, fc.nat(), fc.nat(7), fc.nat(), (index, where, bit, cut) => {
      const file = encodeIndex(index)
      const flipped = Buffer.from(file)
      flipped[where % file.length] = (flipped[where % file.length] ?? 0) ^ (1 << bit)
      expect(decodeIndex(flipped).kind).not.toBe('sound')
      expect(decodeIndex(file.subarray(0, cut % file.length)).kind).toBe('broken')
    }),
  )
})

it('the root is the documented hash', () => {
  const hashes = new Uint8Array(chunkCount(chunkSize + 5) * hashSize)
  hashes.set(createHash('sha256').update(Buffer.from('12345')).digest(), hashSize)
  const head = Buffer.from('0500100000000000' + '00001000', 'hex')
  const expected = createHash('sha256').update('floe-content-index-1\n').update(head).update(hashes).digest('hex')
  expect(rootOf({ virtualSize: chunkSize + 5, hashes })).toBe(expected)
})

it('an index of a newer version is told from a damaged one', () => {
  const file = encodeIndex({ virtualSize: 0, hashes: new Uint8Array(0) })
  file.writeUInt32LE(2, 8)
  expect(decodeIndex(file)).toEqual({ kind: 'newer', version: 2 })
})

it('the beginning of an index tells what is not zeroes, and nothing of another index', () => {
  fc.assert(
    fc.property(indexes, (index) => {
      const { virtualSize, hashes } = index
      const beginning = encodeIndex(index).subarray(0, beginningLength(virtualSize))
      const chunks = Array.from({ length: chunkCount(virtualSize) }, (_, chunk) => chunk)
      const data = chunks.filter((chunk) => !isZeroHash(hashes, chunk))
      const ranges = data.map((chunk) => ({ offset: chunk * chunkSize, length: chunkLength(virtualSize, chunk) }))
      expect(dataBy(beginning, rootOf(index), virtualSize)).toEqual(extentsOf(ranges))
      expect(dataBy(beginning, 'ff'.repeat(32), virtualSize)).toBeNull()
      expect(dataBy(beginning.subarray(0, -1), rootOf(index), virtualSize)).toBeNull()
    }),
  )
})
