import { type Extent, type Extents, extentsOf } from '../extents/extents.ts'
import { type ContentIndex, chunkCount, chunkLength, chunkSize, hashSize } from '../repository/content-index/format.ts'

/** Chunks whose content is not the same in both, as extents. Both are of disks of one size. */
export function differingChunks(before: ContentIndex, now: ContentIndex): Extents {
  const { virtualSize } = now
  if (before.virtualSize !== virtualSize) throw new RangeError('Only disks of the same size can be compared.')
  const a = Buffer.from(before.hashes.buffer, before.hashes.byteOffset, before.hashes.byteLength)
  const b = Buffer.from(now.hashes.buffer, now.hashes.byteOffset, now.hashes.byteLength)
  const found: Extent[] = []
  for (let chunk = 0; chunk < chunkCount(virtualSize); chunk += 1) {
    const at = chunk * hashSize
    if (a.compare(b, at, at + hashSize, at, at + hashSize) === 0) continue
    found.push({ offset: chunk * chunkSize, length: chunkLength(virtualSize, chunk) })
  }
  return extentsOf(found)
}
