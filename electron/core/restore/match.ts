// Which image each disk of a restore point replaces: by the disk's name, then by where its image was. Pure.
// When the two disagree, or nothing fits, a person must decide: guessing would overwrite the wrong disk.
import type { Disk } from '../../../shared/domain/disk.ts'
import type { PointDisk } from '../../../shared/domain/point.ts'

export type Match =
  | { readonly kind: 'image'; readonly disk: PointDisk; readonly imagePath: string; readonly format: 'qcow2' | 'raw' }
  | { readonly kind: 'none'; readonly disk: PointDisk; readonly text: string }

/** Format of the machine's image as Floe would write it; null for formats it does not write. */
function writableFormat(format: string | null): 'qcow2' | 'raw' | null {
  if (format === 'qcow2') return 'qcow2'
  // A disk without a format driver is a raw image under QEMU's protocol node.
  return format === 'raw' || format === 'file' ? 'raw' : null
}

function matchOne(disk: PointDisk, current: readonly Disk[]): Match {
  const none = (text: string): Match => ({ kind: 'none', disk, text })
  const byId = current.find((one) => one.id === disk.id)
  const byPath = disk.sourcePath === null ? undefined : current.find((one) => one.imagePath === disk.sourcePath)
  if (byId !== undefined && byPath !== undefined && byId !== byPath) {
    return none(
      `Disk ${disk.id} was "${disk.sourcePath}", which is disk ${byPath.id} now: Floe can't tell which is meant.`,
    )
  }
  const found = byId ?? byPath
  if (found === undefined) return none(`The machine has no disk ${disk.id} any more.`)
  if (found.imagePath === null) return none(`Disk ${disk.id} is not an image file.`)
  if (found.readOnly) return none(`Disk ${disk.id} is read-only.`)
  const format = writableFormat(found.format)
  if (format === null)
    return none(`Floe can't write images of the format "${found.format}", which disk ${disk.id} has.`)
  return { kind: 'image', disk, imagePath: found.imagePath, format }
}

/** One match per disk of the point; two disks never get the same image. */
export function matchDisks(point: readonly PointDisk[], current: readonly Disk[]): readonly Match[] {
  const matches = point.map((disk) => matchOne(disk, current))
  return matches.map((match) => {
    if (match.kind === 'none') return match
    const rivals = matches.filter((other) => other.kind === 'image' && other.imagePath === match.imagePath)
    if (rivals.length === 1) return match
    const names = rivals.map((other) => other.disk.id).join(' and ')
    return { kind: 'none', disk: match.disk, text: `The disks ${names} are the same image "${match.imagePath}" now.` }
  })
}
