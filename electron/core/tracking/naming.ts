import { createHash } from 'node:crypto'
import { DestinationId, type DiskId, PointId } from '../../../shared/domain/ids.ts'
import type { BitmapName } from './types.ts'

const pattern = /^floe-([a-z0-9]{12})-([a-z0-9]{12})(?:-[0-9a-f]{8})?(?:-end)?$/

/**
 * `floe-<destination>-<point>-<mark of the disk>`: the bitmap with every change of this disk since that point. The mark
 * tells the disks of a point apart: a bitmap travels with its image, and an image that became another disk of the machine
 * (its drives were put in another order) must not pass for the one that was backed up.
 */
export function bitmapName(name: Pick<BitmapName, 'destinationId' | 'pointId'> & { readonly diskId: DiskId }): string {
  const mark = createHash('sha256').update(name.diskId).digest('hex').slice(0, 8)
  return `floe-${name.destinationId}-${name.pointId}-${mark}`
}

/**
 * The bitmap's companion, which records nothing: only the disk's last mark is set in it, from before the bitmap begins. A
 * disk that is made smaller loses that mark for good (tracking/end-mark.ts).
 */
export const endMarkOf = (bitmap: string): string => `${bitmap}-end`

/** The bitmap that a companion belongs to; any other name as it is. */
export const withoutEndMark = (name: string): string => name.replace(/-end$/, '')

/** Null for the bitmaps of others. Companions are named for the same point. */
export function parseBitmapName(name: string): BitmapName | null {
  const found = pattern.exec(name)
  return found ? { destinationId: DestinationId.parse(found[1]), pointId: PointId.parse(found[2]) } : null
}
