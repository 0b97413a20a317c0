// Damage spreads: restore points share bytes, because an image lies over earlier ones (chain) or began as a clone of one
// and still shares its extents with it (clone). Which points hold or need the bytes that a check found damaged is decided
// here, from who started from whom and what was copied into each; whatever is not known counts as shared. Pure.
import type { DiskId, PointId } from '../../../shared/domain/ids.ts'
import type { Damage } from '../../../shared/domain/point.ts'
import { difference, type Extents, extentsOf, intersection, union } from '../extents/extents.ts'
import { mostRanges } from './content-index/compare.ts'
import { pointOfFolder } from './names.ts'

/** One disk of one restore point. */
export interface DiskImage {
  readonly pointId: PointId
  readonly createdAt: string
  /** The folder's name, as people see it. */
  readonly folder: string
  readonly file: string
  readonly diskId: DiskId
  readonly virtualSize: number
  /** Of two points of a machine the later one has the higher number. */
  readonly sequence: number
  /** The point whose image it lies over or began as a clone of; null when it holds everything itself. */
  readonly parentId: PointId | null
  /** The point whose image it cannot be read without; null when it stands alone. */
  readonly backingId: PointId | null
  /** What was written into it since; null when nobody knows. */
  readonly copied: Extents | null
}

/** Which point's backup wrote the bytes that a point shows; where that is not certain, several for the same bytes. */
export type Holders = ReadonlyMap<PointId, Extents>

/** Who wrote what `image` shows in `ranges`: the nearest of itself and those below it that copied it. */
export function holdersOf(images: readonly DiskImage[], image: DiskImage, ranges: Extents): Holders {
  const sameDisk = images.filter(({ diskId }) => diskId === image.diskId)
  const byPoint = new Map(sameDisk.map((other) => [other.pointId, other]))
  const holders = new Map<PointId, Extents>()
  const add = (id: PointId, extents: Extents) => {
    if (extents.length > 0) holders.set(id, union(holders.get(id) ?? [], extents))
  }
  const seen = new Set<PointId>()
  let left = ranges
  for (let at = image; left.length > 0 && !seen.has(at.pointId); ) {
    seen.add(at.pointId)
    const { parentId, copied } = at
    if (parentId === null || copied === null) add(at.pointId, left)
    else {
      add(at.pointId, intersection(left, copied))
      left = difference(left, copied)
    }
    if (parentId === null) break
    const parent = byPoint.get(parentId)
    if (parent === undefined) {
      // It is gone, and with it what it started from: any older one may have been below it.
      add(parentId, left)
      for (const other of sameDisk) if (other.sequence < at.sequence) add(other.pointId, left)
      break
    }
    at = parent
  }
  return holders
}

/** What both show and what may be the very same bytes on the drive. */
export function sharedBytes(images: readonly DiskImage[], a: DiskImage, b: DiskImage, ranges: Extents): Extents {
  const ofB = holdersOf(images, b, ranges)
  const shared = [...holdersOf(images, a, ranges)].map(([id, extents]) => intersection(extents, ofB.get(id) ?? []))
  return union(...shared)
}

/** Does the image lie over that point's, directly or not? */
function liesOver(images: readonly DiskImage[], image: DiskImage, id: PointId): boolean {
  const seen = new Set<PointId>()
  for (let at: DiskImage | undefined = image; at !== undefined && !seen.has(at.pointId); ) {
    seen.add(at.pointId)
    const { backingId, diskId }: DiskImage = at
    if (backingId === id) return true
    at = images.find((other) => other.pointId === backingId && other.diskId === diskId)
  }
  return false
}

/** Bytes of guest data that content damage names; the last of a list that was cut off stands for all that follow. */
function damagedRanges(damage: readonly Damage[], virtualSize: number): Extents {
  return extentsOf(
    damage.map(({ offset, length }, number) => {
      const from = offset ?? 0
      const isCutOff = number >= mostRanges - 1
      return { offset: from, length: (isCutOff ? null : length) ?? virtualSize - from }
    }),
  )
}

/** The point in whose folder a damaged file lies: `<folder>/<file>`, or a file of the point that was checked. */
export function holderOfFile(file: string, checked: PointId): string {
  const [folder, rest] = file.split('/')
  return (rest === undefined ? null : pointOfFolder(folder ?? '')?.id) ?? checked
}

/** Another disk image that damage reaches. */
export interface Reached {
  readonly image: DiskImage
  /** Bytes of guest data that are damaged there; null: the whole image. */
  readonly ranges: Extents | null
  /** What was found, in the words of the check that found it. */
  readonly cause: Damage
}

/** Every other image that holds or needs what a check of the point `checked` found damaged. `images`: of one machine in one destination. */
export function reachedBy(
  images: readonly DiskImage[],
  checked: PointId,
  damage: readonly Damage[],
): readonly Reached[] {
  const found: Reached[] = []
  const mine = images.filter(({ pointId }) => pointId === checked)
  for (const own of mine) {
    const others = images.filter((other) => other.diskId === own.diskId && other.pointId !== checked)
    const ofDisk = damage.filter(({ diskId }) => diskId === own.diskId)
    for (const cause of ofDisk.filter(({ kind }) => kind === 'structure' || kind === 'size' || kind === 'missing')) {
      const holder = holderOfFile(cause.file, checked)
      for (const image of others) {
        if (image.pointId !== holder && !liesOver(images, image, holder as PointId)) continue
        found.push({ image, ranges: null, cause })
      }
    }
    const content = ofDisk.filter(({ kind }) => kind === 'content')
    const [cause] = content
    if (cause === undefined) continue
    const ranges = damagedRanges(content, own.virtualSize)
    for (const image of others) {
      const shared = sharedBytes(images, own, image, ranges)
      if (shared.length > 0) found.push({ image, ranges: shared, cause })
    }
  }
  return found
}

/** What to say of damage that another point's check found. */
export function reachedDamage({ image, ranges, cause }: Reached, checkedAt: string): readonly Damage[] {
  const { diskId, file } = image
  if (ranges === null) {
    const text = `It needs an image that the check of the restore point of ${checkedAt} found damaged. ${cause.text}`
    return [{ ...cause, diskId, text }]
  }
  return ranges.slice(0, mostRanges).map(({ offset, length }) => {
    const bytes = `Bytes ${offset} to ${offset + length - 1} of the disk "${diskId}"`
    const text = `${bytes} are those that the check of the restore point of ${checkedAt} found damaged.`
    return { diskId, file, kind: 'content', offset, length, text }
  })
}

/**
 * Content damage with the file of the chain that holds the bytes, as far as that is known. `sound`: points that show
 * bytes of this range as they should be, so that what they wrote is not the damaged part.
 */
export function placed(
  images: readonly DiskImage[],
  checked: PointId,
  damage: Damage,
  sound: ReadonlySet<PointId> = new Set(),
): Damage {
  const own = images.find(({ pointId, diskId }) => pointId === checked && diskId === damage.diskId)
  if (own === undefined || own.backingId === null || damage.kind !== 'content') return damage
  const holders = holdersOf(images, own, damagedRanges([damage], own.virtualSize))
  const places = [...holders.keys()].flatMap((id) => {
    const image = images.find(({ pointId, diskId }) => pointId === id && diskId === damage.diskId)
    if (image === undefined || sound.has(id)) return []
    return [id === checked ? image.file : `${image.folder}/${image.file}`]
  })
  const [only] = places
  if (only === undefined || (places.length === 1 && only === own.file)) return damage
  const text = `${damage.text} They lie in ${places.map((place) => `"${place}"`).join(' or ')}.`
  return { ...damage, file: places.length === 1 ? only : damage.file, text }
}
