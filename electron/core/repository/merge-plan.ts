// What has to be done to the points that stay when others are deleted. Pure: from manifests to wishes.
import type { DiskId, PointId } from '../../../shared/domain/ids.ts'
import { FloeError } from '../errors.ts'
import type { Manifest, ManifestDisk } from './manifest.ts'

export interface PlannedDisk {
  readonly disk: ManifestDisk
  /** Points to be deleted whose images lie below this one, nearest first; empty: the image stays as it is. */
  readonly merged: readonly PointId[]
  /** Deleted forebears, nearest first, by who started from whom: what they copied counts as copied by this point. */
  readonly forebears: readonly PointId[]
  readonly parentId: PointId | null
  readonly backing: ManifestDisk['backing']
  readonly base: ManifestDisk['base']
}

export interface PlannedPoint {
  readonly id: PointId
  readonly parentId: PointId | null
  readonly disks: readonly PlannedDisk[]
}

type Manifests = ReadonlyMap<PointId, Manifest>

const diskOf = (manifest: Manifest | undefined, id: DiskId) => manifest?.disks.find((disk) => disk.id === id) ?? null

function mergeFailed(manifest: Manifest, why: string): FloeError {
  return new FloeError(
    'point/merge-failed',
    `The restore point of ${manifest.createdAt} cannot be kept without earlier ones: ${why} Nothing was deleted.`,
    { params: { id: manifest.id }, remedy: 'Verify that point; if it is damaged, delete it too.' },
  )
}

/** @throws FloeError `point/merge-failed` when the images below one cannot be followed */
function planDisk(manifest: Manifest, disk: ManifestDisk, manifests: Manifests, removed: ReadonlySet<PointId>) {
  const merged: PointId[] = []
  let { backing } = disk
  while (backing !== null && removed.has(backing.pointId)) {
    const { pointId, file }: NonNullable<ManifestDisk['backing']> = backing
    const below = manifests.get(pointId)?.disks.find((candidate) => candidate.file === file)
    if (!below || merged.includes(pointId)) {
      throw mergeFailed(manifest, `what its image "${disk.file}" lies over is not there or not readable.`)
    }
    merged.push(pointId)
    backing = below.backing
  }
  const forebears: PointId[] = []
  let { parentId } = disk
  while (parentId !== null && removed.has(parentId) && !forebears.includes(parentId)) {
    forebears.push(parentId)
    parentId = diskOf(manifests.get(parentId), disk.id)?.parentId ?? null
  }
  if (parentId !== null && removed.has(parentId)) parentId = null
  let { base } = disk
  if (base !== null && removed.has(base.pointId)) base = parentId === null ? null : { pointId: parentId }
  return { disk, merged, forebears, parentId, backing, base }
}

function nearestKept(from: PointId | null, manifests: Manifests, removed: ReadonlySet<PointId>): PointId | null {
  const seen = new Set<PointId>()
  let at = from
  while (at !== null && removed.has(at) && !seen.has(at)) {
    seen.add(at)
    at = manifests.get(at)?.parentId ?? null
  }
  return at !== null && removed.has(at) ? null : at
}

/**
 * Points that stay and refer to deleted ones, with what becomes of them.
 * @param manifests of all points of the machine on the destination that can be read
 * @throws FloeError `point/merge-failed`
 */
export function planMerges(manifests: Manifests, removed: ReadonlySet<PointId>): readonly PlannedPoint[] {
  const planned: PlannedPoint[] = []
  for (const [id, manifest] of manifests) {
    if (removed.has(id)) continue
    const disks = manifest.disks.map((disk) => planDisk(manifest, disk, manifests, removed))
    const isTouched = disks.some(
      ({ disk, merged, forebears, base }) => merged.length > 0 || forebears.length > 0 || base !== disk.base,
    )
    const parentId = nearestKept(manifest.parentId, manifests, removed)
    if (isTouched || parentId !== manifest.parentId) planned.push({ id, parentId, disks })
  }
  return planned
}
