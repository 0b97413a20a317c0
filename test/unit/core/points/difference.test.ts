import fc from 'fast-check'
import { expect, it } from 'vitest'
import { extentsOf } from '../../../../electron/core/extents/extents.ts'
import { differenceOf, differingRanges } from '../../../../electron/core/points/difference.ts'
import {
  type ContentIndex,
  chunkSize,
  hashSize,
  rootOf,
  sha256,
} from '../../../../electron/core/repository/content-index/format.ts'
import { DiskId } from '../../../../shared/domain/ids.ts'
import { PointDisk } from '../../../../shared/domain/point.ts'

/** A disk whose chunks hold these values; 0 is zeroes. The last chunk may be shorter. */
function indexOf(values: readonly number[], lastLength = chunkSize): ContentIndex {
  const hashes = new Uint8Array(values.length * hashSize)
  for (const [chunk, value] of values.entries()) {
    if (value !== 0) hashes.set(sha256(Buffer.from([value])), chunk * hashSize)
  }
  return { virtualSize: values.length === 0 ? 0 : (values.length - 1) * chunkSize + lastLength, hashes }
}

const disk = (id: string, index: ContentIndex): PointDisk =>
  PointDisk.parse({
    id: DiskId.parse(id),
    file: `disk-${id}.qcow2`,
    format: 'qcow2',
    virtualSize: index.virtualSize,
    bytesCopied: 0,
    fileSize: 1,
    contentRoot: rootOf(index),
    sourcePath: null,
    sourceFormat: null,
    firmware: false,
  })

it('the ranges hold exactly the chunks that are not the same', () => {
  const values = fc.array(fc.nat(2), { maxLength: 30 })
  fc.assert(
    fc.property(values, values, (a, b) => {
      const ranges = differingRanges(indexOf(a), indexOf(b))
      for (let chunk = 0; chunk < Math.max(a.length, b.length); chunk += 1) {
        const at = chunk * chunkSize
        const isIn = ranges.some(({ offset, length }) => offset <= at && at + chunkSize <= offset + length)
        expect(isIn).toBe((a[chunk] ?? 0) !== (b[chunk] ?? 0))
      }
    }),
  )
})

it('disks are told apart by what happened to them', async () => {
  const [one, two] = [indexOf([1, 0, 2]), indexOf([1, 3, 2])]
  const larger = indexOf([1, 0, 2, 4], 4096)
  const before = { vda: one, vdb: one, vdc: one, gone: two }
  const after = { vda: one, vdb: two, vdc: larger, come: one }
  const disks = (all: Readonly<Record<string, ContentIndex>>) =>
    Object.entries(all).map(([id, index]) => disk(id, index))
  const asked: string[] = []
  const { disks: found } = await differenceOf(disks(before), disks(after), async (side, { id }) => {
    asked.push(`${side} ${id}`)
    const all: Readonly<Record<string, ContentIndex>> = side === 'from' ? before : after
    return all[id] as ContentIndex
  })
  expect(found).toEqual([
    { diskId: 'vda', change: 'same', bytes: 0, ranges: [] },
    { diskId: 'vdb', change: 'changed', bytes: chunkSize, ranges: [{ offset: chunkSize, length: chunkSize }] },
    { diskId: 'vdc', change: 'resized', bytes: 4096, ranges: [{ offset: 3 * chunkSize, length: 4096 }] },
    {
      diskId: 'come',
      change: 'added',
      bytes: 2 * chunkSize,
      ranges: [
        { offset: 0, length: chunkSize },
        { offset: 2 * chunkSize, length: chunkSize },
      ],
    },
    { diskId: 'gone', change: 'removed', bytes: 3 * chunkSize, ranges: [{ offset: 0, length: 3 * chunkSize }] },
  ])
  expect(asked).not.toContain('from vda')
})

it('differing chunks are cut down to what was written, but one that nothing was written into stays whole', async () => {
  const values = fc.array(fc.nat(1), { minLength: 1, maxLength: 6 })
  const step = chunkSize / 16
  const writes = fc.array(fc.tuple(fc.nat(6 * 16 - 1), fc.integer({ min: 1, max: 20 })), { maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(values, values, writes, async (a, b, given) => {
      const size = Math.min(a.length, b.length)
      const [one, two] = [indexOf(a.slice(0, size)), indexOf(b.slice(0, size))]
      const end = size * chunkSize
      const written = extentsOf(
        given
          .filter(([first]) => first * step < end)
          .map(([first, length]) => ({ offset: first * step, length: Math.min(length * step, end - first * step) })),
      )
      const indexes = async (side: 'from' | 'to') => (side === 'from' ? one : two)
      const found = await differenceOf([disk('vda', one)], [disk('vda', two)], indexes, async () => written)
      const inside = (extents: readonly { offset: number; length: number }[], at: number) =>
        extents.some(({ offset, length }) => offset <= at && at < offset + length)
      for (let at = 0; at < end; at += step) {
        const chunk = Math.floor(at / chunkSize)
        const pieces = Array.from({ length: 16 }, (_, piece) => chunk * chunkSize + piece * step)
        const isExplained = pieces.some((piece) => inside(written, piece))
        const differs = a[chunk] !== b[chunk]
        expect(inside(found.disks[0]?.ranges ?? [], at)).toBe(differs && (!isExplained || inside(written, at)))
      }
    }),
  )
})
