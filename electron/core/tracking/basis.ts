// Chooses what a disk's next copy builds upon. A dirty bitmap is believed only when everything that speaks for it does:
// its name is the one the parent's manifest gives, it has recorded all the time, and nothing below it changed. In doubt
// the disk is compared with its parent, which costs reading and cannot be wrong. Pure.
import { formatBytes } from '../../../shared/format/bytes.ts'
import type { ParentDisk, ParentPoint } from '../repository/types.ts'
import { endMarkOf } from './naming.ts'
import type { BasisChoice, BasisQuestion, DiskBitmap, DiskTracking } from './types.ts'

interface Candidate {
  readonly point: ParentPoint
  readonly disk: ParentDisk
}

/** Reasons are finished sentences, shown before the backup and kept in the point. */
export function chooseBasis(question: BasisQuestion): BasisChoice {
  const { disk, parents, wished, noComparison } = question
  const withDisk = parents.flatMap((point): Candidate[] => {
    const found = point.disks.find(({ id }) => id === disk.id)
    return found ? [{ point, disk: found }] : []
  })
  const newest = withDisk[0]
  if (wished === 'full') return { basis: 'all', reason: 'A full backup was asked for.' }
  if (!newest) return { basis: 'all', reason: firstReason(question) }
  if (newest.disk.virtualSize !== disk.virtualSize) {
    const [then, now] = [newest.disk.virtualSize, disk.virtualSize].map((size) => sizeText(size))
    const sizes = then === now ? [newest.disk.virtualSize, disk.virtualSize].map(exactText) : [then, now]
    const reason = `The disk’s size changed. It was ${sizes[0]}, now ${sizes[1]}, so it is copied in full once.`
    return { basis: 'all', reason }
  }
  // Shrunk and grown again, a disk's bitmaps have forgotten what was cut off: nothing from before a change of size counts.
  const resizedAt = withDisk.findIndex((candidate) => candidate.disk.virtualSize !== disk.virtualSize)
  const candidates = resizedAt === -1 ? withDisk : withDisk.slice(0, resizedAt)
  for (const candidate of candidates) {
    const bitmap = trusted(candidate.disk, question)
    if (!bitmap) continue
    return {
      basis: 'bitmap',
      reason: `Only what changed since ${candidate === newest ? 'the last' : 'an earlier'} restore point is copied.`,
      parentId: candidate.point.pointId,
      bitmap: bitmap.name,
      dirtyBytes: bitmap.dirtyBytes,
    }
  }
  const why = whyNot(newest.disk, question)
  if (noComparison !== null) return { basis: 'all', reason: `${why}. ${noComparison} So all data is copied.` }
  const comparable = candidates.find((candidate) => candidate.disk.hasIndex)
  if (!comparable) {
    const reason = `${why}. No restore point here has the checksums that the disk could be compared with, so all data is copied.`
    return { basis: 'all', reason }
  }
  const which = comparable === newest ? 'the last' : 'an earlier'
  return {
    basis: 'comparison',
    reason: `${why}: the disk is compared with ${which} restore point, and only what differs is copied.`,
    parentId: comparable.point.pointId,
  }
}

/**
 * A disk is known by its id: points, their images and what is below them go by it. One whose id was changed in the start
 * command begins anew, and is told so.
 */
function firstReason({ disk, parents, present = [] }: BasisQuestion): string {
  const wasIt = ({ id, sourcePath, virtualSize }: ParentDisk) =>
    sourcePath === disk.path && virtualSize === disk.virtualSize && !present.includes(id)
  const before = disk.path ? parents.flatMap(({ disks }) => disks).find(wasIt) : undefined
  if (!before) return 'This is the first backup of this disk here.'
  return `${disk.name} was backed up here as ${before.id} before. As ${disk.id} it is copied in full once.`
}

const sizeText = (bytes: number): string => formatBytes(bytes, 'decimal', 'en')
const exactText = (bytes: number): string => `${bytes} bytes`

const bitmapOf = (parent: ParentDisk, { tracking }: BasisQuestion): DiskBitmap | null =>
  tracking.bitmaps.find(({ name }) => name === parent.bitmap) ?? null

function trusted(parent: ParentDisk, question: BasisQuestion): DiskBitmap | null {
  const bitmap = bitmapOf(parent, question)
  if (!bitmap || bitmap.inconsistent || bitmap.busy || !bitmap.recording) return null
  if (!keptItsEnd(bitmap.name, question.tracking)) return null
  return parent.witness === question.tracking.witness ? bitmap : null
}

/** Was the disk at no time smaller than it is? Its marks past the end would be lost, and QEMU tells nobody (docs/qmp.md). */
export function keptItsEnd(bitmap: string, tracking: DiskTracking): boolean {
  const [own, end] = [bitmap, endMarkOf(bitmap)].map((name) => tracking.bitmaps.find((each) => each.name === name))
  if (own === undefined || end === undefined || end.inconsistent || end.recording) return false
  // Coarser marks would keep the end through a cut that takes finer ones away.
  return end.dirtyBytes > 0 && end.granularity <= own.granularity
}

/** The beginning of a sentence. */
function whyNot(parent: ParentDisk, question: BasisQuestion): string {
  const { tracking, disk } = question
  const bitmap = bitmapOf(parent, question)
  if (bitmap?.inconsistent) return 'Change tracking was cut off, because QEMU ended without storing it'
  if (bitmap && !bitmap.recording) return 'Change tracking was switched off meanwhile'
  if (bitmap?.busy) return 'Something else in QEMU is using the record of the changes'
  if (bitmap && !keptItsEnd(bitmap.name, tracking))
    return 'The disk may have been made smaller and larger again meanwhile'
  if (bitmap) return 'A backing file of this disk may have changed since the last restore point'
  if (tracking.keeps === 'volatile') {
    const what = tracking.format === 'raw' ? 'a raw image' : 'an image that can’t keep a record of its changes'
    return `${disk.name} is ${what}: its changes are tracked only until the machine stops, and tracking starts again now`
  }
  if (tracking.hindrance !== undefined) return tracking.hindrance
  if (tracking.keeps === 'none') return 'Changes of this disk can’t be tracked'
  if (parent.bitmap === null) return 'Changes were not tracked since the last restore point'
  // A bitmap that began in a QEMU that was killed is not there at all (qemu.md 4.3).
  return 'Change tracking was cut off, because QEMU ended without storing it or the image was replaced'
}
