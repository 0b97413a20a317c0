import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import type { PointId } from '../../../shared/domain/ids.ts'
import { difference, type Extents, extentsOf } from '../extents/extents.ts'
import { freedBy, type HeldDisk } from '../retention/freed.ts'
import { beginningLength, dataBy } from './content-index/format.ts'
import { decodeCopied } from './copied-file.ts'
import type { Manifest, ManifestDisk } from './manifest.ts'
import { readPlainBeginning, readPlainBytes } from './plain-file.ts'
import { bytesOf } from './scan.ts'

export interface ReadPoint {
  readonly folder: string
  readonly manifest: Manifest
}

export interface DeletionCost {
  readonly freedBytes: number
  /** Bytes to be written for images that lie over deleted ones: what moves into them, and those images themselves. */
  readonly movedBytes: number
  /** Bytes of deleted points that each kept clone has from now on. */
  readonly inherits: ReadonlyMap<PointId, number>
}

/** What a disk shows that is zeroes and what is not, in whole chunks; null when it was never indexed. */
async function chunksOf(folder: string, disk: ManifestDisk): Promise<{ zeroes: Extents; others: Extents } | null> {
  const { contentRoot, indexFile, virtualSize } = disk
  if (contentRoot === null || indexFile === null) return null
  const beginning = await readPlainBeginning(join(folder, indexFile), beginningLength(virtualSize)).catch(() => null)
  const others = beginning && dataBy(beginning, contentRoot, virtualSize)
  return others && { zeroes: difference([{ offset: 0, length: virtualSize }], others), others }
}

async function copiedInto(folder: string, disk: ManifestDisk): Promise<Pick<HeldDisk, 'copied' | 'zeroes'>> {
  const chunks = await chunksOf(folder, disk)
  const reading =
    disk.copiedFile === null ? null : await readPlainBytes(join(folder, disk.copiedFile)).then(decodeCopied, () => null)
  if (reading?.kind === 'sound') return { copied: reading.copied.extents, zeroes: chunks?.zeroes ?? [] }
  // Nobody noted what was copied: everything that it may hold.
  const all = extentsOf([{ offset: 0, length: Math.min(disk.virtualSize, disk.fileSize) }])
  return { copied: chunks?.others ?? all }
}

/** What an image occupies, without its holes. */
const occupied = (folder: string, disk: ManifestDisk): Promise<number> =>
  lstat(join(folder, disk.file)).then(
    ({ blocks }) => blocks * 512,
    () => disk.fileSize,
  )

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
  let [counted, rebuilt] = [0, 0]
  for (const [pointId, { folder, manifest }] of ordered) {
    const isRemoved = removed.has(pointId)
    if (isRemoved) counted += bytesOf(manifest)
    for (const disk of manifest.disks) {
      const isAbove = disk.parentId !== null && removed.has(disk.parentId)
      const isOver = disk.backing !== null && removed.has(disk.backing.pointId)
      if (!isRemoved && !isAbove && !isOver) continue
      const parentId = isOver ? (disk.backing?.pointId ?? null) : disk.parentId
      const held = { pointId, diskId: disk.id, parentId, ...(await copiedInto(folder, disk)) }
      if (isRemoved) deleted.push(held)
      else if (isOver) {
        overlays.push(held)
        rebuilt += await occupied(folder, disk)
      } else clones.push(held)
    }
  }
  const { writtenBytes } = freedBy([...deleted, ...overlays], removed)
  // An image that stands alone without being a clone shares nothing.
  const sharing = clones.filter(({ pointId, diskId }) => {
    const disk = points.get(pointId)?.manifest.disks.find(({ id }) => id === diskId)
    return disk?.base != null
  })
  // Zeroes in a clone are a mark in its tables: nothing is written, and what lay there before stays.
  const written = [...deleted, ...sharing].map((held) => ({
    ...held,
    copied: difference(held.copied, held.zeroes ?? []),
  }))
  const { neededBytes, inherits } = freedBy(written, removed)
  const freedBytes = Math.max(0, counted - neededBytes - writtenBytes)
  return { freedBytes, movedBytes: writtenBytes + rebuilt, inherits }
}
