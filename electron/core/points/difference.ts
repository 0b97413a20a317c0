import type { PointDisk } from '../../../shared/domain/point.ts'
import type { PointDifference } from '../../../shared/domain/retention.ts'
import { aligned, bytesIn, difference, type Extents, extentsOf, intersection, union } from '../extents/extents.ts'
import {
  type ContentIndex,
  chunkCount,
  chunkLength,
  chunkSize,
  hashSize,
  isZeroHash,
} from '../repository/content-index/format.ts'

type DiskDifference = PointDifference['disks'][number]

const hashOf = ({ hashes }: ContentIndex, chunk: number) =>
  Buffer.from(hashes.buffer, hashes.byteOffset + chunk * hashSize, hashSize)

/** Chunks of the larger of two disks that are not the same in both; what only one of them has counts unless it is zeroes. */
export function differingRanges(from: ContentIndex | null, to: ContentIndex | null): Extents {
  const size = Math.max(from?.virtualSize ?? 0, to?.virtualSize ?? 0)
  const ranges: { offset: number; length: number }[] = []
  for (let chunk = 0; chunk < chunkCount(size); chunk += 1) {
    const sides = [from, to].filter(
      (index) => index !== null && chunk < chunkCount(index.virtualSize),
    ) as ContentIndex[]
    const [a, b] = sides
    if (a && b) {
      // A short last chunk has a hash of its own; zeroes have the same one, whatever the length.
      if (hashOf(a, chunk).equals(hashOf(b, chunk))) continue
    } else if (a && isZeroHash(a.hashes, chunk)) continue
    ranges.push({ offset: chunk * chunkSize, length: chunkLength(size, chunk) })
  }
  return extentsOf(ranges)
}

/** Differing chunks cut down to what was written; one in which nothing was stays whole, as the two do not fit together. */
function narrowed(ranges: Extents, written: Extents, virtualSize: number): Extents {
  const unexplained = difference(ranges, aligned(written, chunkSize, virtualSize))
  return union(intersection(ranges, written), unexplained)
}

/**
 * How two points differ, disk by disk, in steps of the content index or less.
 * @param indexOf a disk's content index; asked only where it is needed
 * @param writtenTo what was written into a disk of the same size between the two points; null when nobody knows
 */
export async function differenceOf(
  from: readonly PointDisk[],
  to: readonly PointDisk[],
  indexOf: (side: 'from' | 'to', disk: PointDisk) => Promise<ContentIndex>,
  writtenTo: (disk: PointDisk) => Promise<Extents | null> = async () => null,
): Promise<PointDifference> {
  const ids = [...new Set([...to, ...from].map(({ id }) => id))]
  const disks: DiskDifference[] = []
  for (const id of ids) {
    const before = from.find((disk) => disk.id === id) ?? null
    const after = to.find((disk) => disk.id === id) ?? null
    const isResized = before && after && before.virtualSize !== after.virtualSize
    const isSame =
      before && after && !isResized && before.contentRoot !== null && before.contentRoot === after.contentRoot
    const chunks = isSame
      ? []
      : differingRanges(before && (await indexOf('from', before)), after && (await indexOf('to', after)))
    const written = before && after && !isResized && chunks.length > 0 ? await writtenTo(after) : null
    const ranges = written && after ? narrowed(chunks, written, after.virtualSize) : chunks
    const changed = ranges.length === 0 ? 'same' : 'changed'
    const change = !before ? 'added' : !after ? 'removed' : isResized ? 'resized' : changed
    disks.push({ diskId: id, change, bytes: bytesIn(ranges), ranges: [...ranges] })
  }
  return { disks }
}
