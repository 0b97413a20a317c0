import type { Damage } from '../../../../shared/domain/point.ts'
import type { ComputedIndex } from './compute.ts'
import { type ContentIndex, chunkCount, chunkLength, chunkSize, hashSize } from './format.ts'

/** Ranges named one by one; a disk with more than this many is damaged beyond listing. */
export const mostRanges = 50

interface Range {
  first: number
  last: number
  readonly text: string | null
}

/**
 * Where the content that was read differs from the index: runs of 1 MiB chunks, in order of guest offset. Empty means
 * that every byte is the same. `from`: what the index tells of, for people.
 */
export function differences(
  expected: ContentIndex,
  found: ComputedIndex,
  where: Pick<Damage, 'diskId' | 'file'>,
  from = 'what was backed up',
): Damage[] {
  const { virtualSize } = expected
  if (found.index.virtualSize !== virtualSize) {
    const text = `The image shows a disk of ${found.index.virtualSize} bytes instead of ${virtualSize}.`
    return [{ ...where, kind: 'size', offset: null, length: null, text }]
  }
  const unreadable = new Map(found.unreadable.map((chunk) => [chunk.chunk, chunk.text]))
  const a = Buffer.from(expected.hashes.buffer, expected.hashes.byteOffset, expected.hashes.byteLength)
  const b = Buffer.from(found.index.hashes.buffer, found.index.hashes.byteOffset, found.index.hashes.byteLength)
  const ranges: Range[] = []
  for (let chunk = 0; chunk < chunkCount(virtualSize); chunk += 1) {
    const text = unreadable.get(chunk) ?? null
    const at = chunk * hashSize
    if (text === null && a.compare(b, at, at + hashSize, at, at + hashSize) === 0) continue
    const previous = ranges.at(-1)
    if (previous && previous.last === chunk - 1 && previous.text === text) previous.last = chunk
    else ranges.push({ first: chunk, last: chunk, text })
  }
  return ranges.slice(0, mostRanges).map((range, number): Damage => {
    const offset = range.first * chunkSize
    const length = range.last * chunkSize + chunkLength(virtualSize, range.last) - offset
    const more =
      number === mostRanges - 1 && ranges.length > mostRanges ? ` ${ranges.length - mostRanges} more follow.` : ''
    const what = range.text === null ? `differ from ${from}` : `cannot be read (${range.text.replace(/\.$/, '')})`
    const text = `Bytes ${offset} to ${offset + length - 1} of the disk "${where.diskId}" ${what}.${more}`
    return { ...where, kind: 'content', offset, length, text }
  })
}
