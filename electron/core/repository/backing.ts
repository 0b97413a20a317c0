// How one image lies over another: the qcow2 header names a file in the folder of another point of the same machine, as
// `../<folder>/<file>`, right from the partial folder and from the final one alike. Nothing else is ever followed.
import { constants } from 'node:fs'
import { lstat, open } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { PointId } from '../../../shared/domain/ids.ts'
import { isMissing } from './failures.ts'
import { type Freshness, type Manifest, type ManifestDisk, readManifest } from './manifest.ts'
import { pointOfFolder } from './names.ts'
import { Unchanged } from './unchanged.ts'

/** Where an image's backing file lies. */
export interface BackingPlace {
  readonly pointId: PointId
  /** Absolute path of that point's folder. */
  readonly folder: string
  readonly file: string
}

/** The name by which an image in a folder beside it knows a file of the point in `folder`. */
export function backingName(folder: string, file: string): string {
  return `../${folder.slice(dirname(folder).length + 1)}/${file}`
}

/** What a backing file's name means, seen from the folder of its image; null for any name that Floe never writes. */
export function backingPlace(folder: string, name: string): BackingPlace | null {
  const [, sibling = '', file = ''] = /^\.\.\/([^/]+)\/([^/]+)$/.exec(name) ?? []
  const named = pointOfFolder(sibling)
  if (named === null || file === '.' || file === '..') return null
  return { pointId: PointId.parse(named.id), folder: join(dirname(folder), sibling), file }
}

export type BackingReading =
  | { readonly kind: 'found'; readonly manifest: Manifest; readonly disk: ManifestDisk }
  | { readonly kind: 'lost'; readonly reason: string }

/**
 * The disk of the other point whose image the place names, by that point's own manifest; links are not followed.
 * `reason` is a sentence.
 */
export async function diskAt(place: BackingPlace, fresh: Freshness = 'anew'): Promise<BackingReading> {
  const which = `the restore point ${place.pointId}`
  const lost = (reason: string) => ({ kind: 'lost', reason }) as const
  try {
    if (!(await lstat(place.folder)).isDirectory()) return lost(`The folder of ${which} is a link.`)
  } catch (error) {
    if (isMissing(error)) return lost(`The folder of ${which} is gone.`)
    throw error
  }
  const reading = await readManifest(place.folder, fresh)
  if (reading.kind !== 'sound' || reading.manifest.id !== place.pointId) {
    return lost(`The manifest.json of ${which} cannot be trusted.`)
  }
  const { manifest } = reading
  const disk = manifest.disks.find(({ file }) => file === place.file)
  return disk ? { kind: 'found', manifest, disk } : lost(`T${which.slice(1)} has no image "${place.file}".`)
}

/** What a qcow2 header says about other files. */
export interface Qcow2Links {
  readonly backingFile: string | null
  readonly hasDataFile: boolean
}

const externalDataBit = 4n
const longestName = 1023

async function readHeader(path: string): Promise<Qcow2Links | null> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  try {
    if (!(await file.stat()).isFile()) return null
    const header = Buffer.alloc(104)
    const { bytesRead } = await file.read(header, 0, header.length, 0)
    if (bytesRead < 72 || header.toString('latin1', 0, 4) !== 'QFI\u00fb') return null
    const version = header.readUInt32BE(4)
    const [at, length] = [Number(header.readBigUInt64BE(8)), header.readUInt32BE(16)]
    if (at !== 0 && length > longestName) return null
    const name = Buffer.alloc(at === 0 ? 0 : length)
    if (name.length > 0 && (await file.read(name, 0, name.length, at)).bytesRead < name.length) return null
    const hasDataFile = version >= 3 && bytesRead >= 80 && (header.readBigUInt64BE(72) & externalDataBit) !== 0n
    return { backingFile: name.length === 0 ? null : name.toString('utf8'), hasDataFile }
  } finally {
    await file.close()
  }
}

const unchanged = new Unchanged(readHeader, (links) => links !== null)

/** Null when the file is no qcow2 image. A link or pipe is refused with the system's error. */
export const readLinks = (path: string, fresh: Freshness = 'anew'): Promise<Qcow2Links | null> =>
  fresh === 'known' ? unchanged.of(path) : readHeader(path)
