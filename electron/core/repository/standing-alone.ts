import { join } from 'node:path'
import type { Damage } from '../../../shared/domain/point.ts'
import { imageInfo, type ToolOptions } from '../qemu-img/index.ts'
import { type BackingPlace, backingPlace, diskAt, readLinks } from './backing.ts'
import { errorCode } from './failures.ts'
import type { Freshness, ManifestDisk } from './manifest.ts'
import { imageFileDamage } from './point-files.ts'

/**
 * What an image leans on although its manifest does not say so: a backing file or a data file somewhere else, which may
 * change or go at any time, or be a file that is nobody's business. An image that lies over those of earlier points is
 * followed through all of them: each has to be there, whole, and name the next as its own manifest does. Null when
 * nothing is wrong. `fresh`: how the manifests and headers below are read, anew unless said otherwise; what speaks against
 * the image is always read anew.
 * @throws FloeError `system/tool-missing`, `system/tool-failed`
 */
export async function foreignPart(
  folder: string,
  disk: ManifestDisk,
  { fresh = 'anew', ...options }: ToolOptions & { readonly fresh?: Freshness },
): Promise<Damage | null> {
  const found = await partElsewhere(folder, disk, options, fresh)
  return found !== null && fresh === 'known' ? partElsewhere(folder, disk, options, 'anew') : found
}

async function partElsewhere(
  folder: string,
  disk: ManifestDisk,
  options: ToolOptions,
  fresh: Freshness,
): Promise<Damage | null> {
  const path = join(folder, disk.file)
  const info = await imageInfo(path, disk.format, options)
  const where = { diskId: disk.id, file: disk.file, offset: null, length: null }
  const damage = (text: string, kind: Damage['kind'] = 'structure'): Damage => ({ ...where, kind, text })
  const notWhole = (part: string) => damage(`The image "${disk.file}" is not whole: a part of it is in "${part}".`)
  if (info.dataFile !== null) return notWhole(info.dataFile)
  const seen = new Set([path])
  let at: { folder: string; disk: ManifestDisk; backingFile: string | null } = { folder, disk, ...info }
  for (;;) {
    const { backing } = at.disk
    if (backing === null && at.backingFile === null) return null
    if (backing === null) return notWhole(at.backingFile ?? '')
    const place = at.backingFile === null ? null : backingPlace(at.folder, at.backingFile)
    if (place === null || place.pointId !== backing.pointId || place.file !== backing.file) {
      const named = at.backingFile === null ? 'nothing' : `"${at.backingFile}"`
      const said = `"${backing.file}" of the restore point ${backing.pointId}`
      return damage(`The image "${at.disk.file}" lies over ${named} instead of ${said}.`)
    }
    const next = await follow(place, fresh)
    if ('reason' in next) return damage(leaning(disk, place, next.reason), next.kind)
    const nextPath = join(place.folder, place.file)
    if (seen.has(nextPath)) return damage(leaning(disk, place, 'Its images lie over each other in a circle.'))
    seen.add(nextPath)
    at = { folder: place.folder, disk: next.disk, backingFile: next.backingFile }
  }
}

const leaning = (disk: ManifestDisk, place: BackingPlace, reason: string) =>
  `The image "${disk.file}" needs "${place.file}" of the earlier restore point ${place.pointId}. ${reason}`

type Followed =
  | { readonly disk: ManifestDisk; readonly backingFile: string | null }
  | { readonly kind: Damage['kind']; readonly reason: string }

/** One step down: the image below, by the manifest of the point it belongs to and by its own header. */
async function follow(place: BackingPlace, fresh: Freshness): Promise<Followed> {
  const found = await diskAt(place, fresh)
  if (found.kind === 'lost') return { kind: 'missing', reason: found.reason }
  const damage = await imageFileDamage(place.folder, found.disk)
  if (damage) return { kind: damage.kind, reason: damage.text }
  const links = await readLinks(join(place.folder, place.file), fresh).catch((error: unknown) => {
    if (errorCode(error) === 'ELOOP') return null
    throw error
  })
  if (links === null) return { kind: 'structure', reason: 'That file is not a qcow2 image.' }
  if (links.hasDataFile) return { kind: 'structure', reason: 'A part of that image is in a file of its own elsewhere.' }
  return { disk: found.disk, backingFile: links.backingFile }
}
