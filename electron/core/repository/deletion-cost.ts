import { join } from 'node:path'
import type { PointId } from '../../../shared/domain/ids.ts'
import { type Extents, extentsOf } from '../extents/extents.ts'
import { freedBy, type HeldDisk } from '../retention/freed.ts'
import { chunkCount, chunkLength, chunkSize, isZeroHash } from './content-index/format.ts'
import { decodeCopied } from './copied-file.ts'
import type { Manifest, ManifestDisk } from './manifest.ts'
import { readPlainBytes } from './plain-file.ts'
import { loadIndex } from './point-files.ts'
import { bytesOf } from './scan.ts'

export interface ReadPoint {
  readonly folder: string
  readonly manifest: Manifest
}

export interface DeletionCost {
  readonly freedBytes: number
  /** Bytes that are written again into images that lie over deleted ones. */
  readonly movedBytes: number
  /** Bytes of deleted points that each kept clone has from now on. */
  readonly inherits: ReadonlyMap<PointId, number>
}

/** Everything a disk may hold, when nobody noted what was copied. */
async function allHeld(folder: string, disk: ManifestDisk): Promise<Extents> {
  const loaded = disk.contentRoot === null ? null : await loadIndex(folder, disk)
  if (loaded?.kind !== 'index') return extentsOf([{ offset: 0, length: Math.min(disk.virtualSize, disk.fileSize) }])
  const { virtualSize, hashes } = loaded.index
  const chunks = Array.from({ length: chunkCount(virtualSize) }, (_, chunk) => chunk)
  return extentsOf(
    chunks
      .filter((chunk) => !isZeroHash(hashes, chunk))
      .map((chunk) => ({ offset: chunk * chunkSize, length: chunkLength(virtualSize, chunk) })),
  )
}

async function copiedInto(folder: string, disk: ManifestDisk): Promise<Extents> {
  if (disk.copiedFile === null) return allHeld(folder, disk)
  const reading = await readPlainBytes(join(folder, disk.copiedFile)).then(decodeCopied, () => null)
  return reading?.kind === 'sound' ? reading.copied.extents : allHeld(folder, disk)
}

/**
 * What deleting points costs and frees, by the model of retention/freed.ts.
 * @param points the readable points of one machine on one destination
 */
export async function deletionCost(
  points: ReadonlyMap<PointId, ReadPoint>,
  removed: ReadonlySet<PointId>,
): Promise<DeletionCost> {
  const ordered = [...points].sort(([, a], [, b]) => a.manifest.sequence - b.manifest.sequence)
  const deleted: HeldDisk[] = []
  const clones: HeldDisk[] = []
  const overlays: HeldDisk[] = []
  let counted = 0
  for (const [pointId, { folder, manifest }] of ordered) {
    const isRemoved = removed.has(pointId)
    if (isRemoved) counted += bytesOf(manifest)
    for (const disk of manifest.disks) {
      const isAbove = disk.parentId !== null && removed.has(disk.parentId)
      const isOver = disk.backing !== null && removed.has(disk.backing.pointId)
      if (!isRemoved && !isAbove && !isOver) continue
      const parentId = isOver ? (disk.backing?.pointId ?? null) : disk.parentId
      const held = { pointId, diskId: disk.id, parentId, copied: await copiedInto(folder, disk) }
      if (isRemoved) deleted.push(held)
      else if (isOver) overlays.push(held)
      else clones.push(held)
    }
  }
  const { writtenBytes } = freedBy([...deleted, ...overlays], removed)
  // An image that stands alone without being a clone shares nothing.
  const sharing = clones.filter(({ pointId, diskId }) => {
    const disk = points.get(pointId)?.manifest.disks.find(({ id }) => id === diskId)
    return disk?.base != null
  })
  const { neededBytes, inherits } = freedBy([...deleted, ...sharing], removed)
  return { freedBytes: Math.max(0, counted - neededBytes - writtenBytes), movedBytes: writtenBytes, inherits }
}
