// The content index of an incremental at the price of what changed: chunks that the backup did not write are as the
// parent's index says. A chunk that was written in part shows the parent's bytes beside the new ones, so the parent's own
// chunk is read too and has to be what the parent's index says: else old damage would pass for what was backed up.
import { join } from 'node:path'
import type { PointId } from '../../../shared/domain/ids.ts'
import type { Damage, Point } from '../../../shared/domain/point.ts'
import { difference, type Extents, extentsOf, piecesOf } from '../extents/extents.ts'
import type { Ports } from '../ports/index.ts'
import { differences } from './content-index/compare.ts'
import { computeContentIndex } from './content-index/compute.ts'
import { type ContentIndex, chunkSize } from './content-index/format.ts'
import type { IndexPart } from './content-index/worker-messages.ts'
import type { ManifestDisk } from './manifest.ts'
import { loadCopied, loadIndex, loadManifest } from './point-files.ts'

/** What of a disk has to be read, and what is known of the rest. */
export interface Inheritance {
  readonly part: IndexPart
  /** Chunks that show bytes of the parent beside new ones. */
  readonly mixed: Uint32Array
  readonly parent: { readonly point: Point; readonly disk: ManifestDisk; readonly index: ContentIndex }
}

/** Chunks that are written only in part, by the bytes that are not. */
export function mixedChunks(chunks: readonly number[], copied: Extents, virtualSize: number): number[] {
  const touched = chunks.map((chunk) => {
    const offset = chunk * chunkSize
    return { offset, length: Math.min(chunkSize, virtualSize - offset) }
  })
  return [...piecesOf(difference(extentsOf(touched), copied), chunkSize)]
}

/** Null when the disk has to be read whole: it started from no point, or that point cannot vouch for what it held. */
export async function inheritanceOf(
  point: Point,
  disk: ManifestDisk,
  lookUp: (id: PointId) => Point | null,
): Promise<Inheritance | null> {
  const parentId = (disk.base ?? disk.backing)?.pointId
  if (parentId === undefined || parentId !== disk.parentId || disk.copiedFile === null) return null
  const parent = lookUp(parentId)
  // One that is known to be damaged vouches all the same: by its index, not by what lies there.
  if (!parent?.available || parent.unreadable !== null) return null
  const { manifest } = await loadManifest(parent)
  const below = manifest.disks.find(({ id }) => id === disk.id)
  if (!below || below.contentRoot === null || below.virtualSize !== disk.virtualSize) return null
  const [loaded, copied] = [await loadIndex(parent.path, below), await loadCopied(point.path, disk, disk.copiedFile)]
  if (loaded.kind === 'damage' || copied.kind === 'damage') return null
  const chunks = [...piecesOf(copied.extents, chunkSize)]
  return {
    part: { chunks: Uint32Array.from(chunks), hashes: loaded.index.hashes },
    mixed: Uint32Array.from(mixedChunks(chunks, copied.extents, disk.virtualSize)),
    parent: { point: parent, disk: below, index: loaded.index },
  }
}

/**
 * What is wrong with those chunks of the parent's image that the new one shows in part; empty when nothing is.
 * @throws FloeError `system/*`
 */
export async function parentDamage(
  ports: Ports,
  { mixed, parent }: Inheritance,
  signal: AbortSignal,
): Promise<readonly Damage[]> {
  if (mixed.length === 0) return []
  const image = { path: join(parent.point.path, parent.disk.file), format: parent.disk.format }
  const part = { chunks: mixed, hashes: parent.index.hashes }
  const found = await computeContentIndex(ports, image, () => {}, signal, 'cached', part)
  return differences(parent.index, found, { diskId: parent.disk.id, file: parent.disk.file })
}
