import { basename, join } from 'node:path'
import { DiskId, type PointId } from '../../../shared/domain/ids.ts'
import type { Damage, Point, Verification } from '../../../shared/domain/point.ts'
import { FloeError } from '../errors.ts'
import type { Ports } from '../ports/index.ts'
import { checkImage } from '../qemu-img/index.ts'
import { differences } from './content-index/compare.ts'
import { computeContentIndex } from './content-index/compute.ts'
import type { Pace } from './content-index/pace.ts'
import type { Manifest, ManifestDisk } from './manifest.ts'
import { manifestFile } from './names.ts'
import { imageFileDamage, loadIndex, loadManifest } from './point-files.ts'
import { foreignPart } from './standing-alone.ts'
import type { ReadProgress } from './types.ts'

function noIndex(point: Point): FloeError {
  return new FloeError(
    'point/no-index',
    `The restore point of ${point.createdAt} has no content index to check against.`,
    {
      params: { id: point.id, path: point.path },
      remedy: 'Check its structure only, or let Floe make the index first.',
    },
  )
}

/** Somebody else's lock, a right that is missing, or a system that has run out of something. */
const notAboutTheImage =
  /Failed to get (shared )?"[^"]*" lock|Permission denied|Too many open files|Cannot allocate memory|No space left/

/**
 * A tool that cannot open an image says so about the image, unless somebody else holds it (qemu.md 8). Everything else
 * that goes wrong is no verdict on the image and is thrown.
 */
export function damageOf(error: unknown, where: Pick<Damage, 'diskId' | 'file'>): Damage {
  const refused = error instanceof FloeError && error.code === 'system/tool-failed' && error.params.refused === true
  if (!refused || notAboutTheImage.test(error.message)) throw error
  return { ...where, kind: 'structure', offset: null, length: null, text: error.message }
}

/**
 * What is wrong with one image as a file and as a qcow2 image; null when nothing. It is opened only when it lies over
 * what its manifest says.
 */
async function imageDamage(ports: Ports, folder: string, disk: ManifestDisk, signal: AbortSignal) {
  const fileDamage = await imageFileDamage(folder, disk)
  if (fileDamage) return fileDamage
  const where = { diskId: disk.id, file: disk.file }
  try {
    const foreign = await foreignPart(folder, disk, { env: ports.env, signal })
    if (foreign) return foreign
    const check = await checkImage(join(folder, disk.file), disk.format, { env: ports.env, signal })
    if (check.errors === 0) return null
    const text = `The image "${disk.file}" has ${check.errors} structural errors. ${check.text}`.trim()
    return { ...where, kind: 'structure', offset: null, length: null, text } as const
  } catch (error) {
    return damageOf(error, where)
  }
}

export type LookUp = (id: PointId) => Point | null

/**
 * What is wrong with the images that a disk's lies over, from the lowest one up, named as `<folder>/<file>`: that one is
 * damaged, and every other that lies over it cannot be read either. Null when nothing, or when it stands alone.
 */
async function damageBelow(
  ports: Ports,
  disk: ManifestDisk,
  lookUp: LookUp,
  signal: AbortSignal,
  passed: ReadonlySet<PointId> = new Set(),
): Promise<Damage | null> {
  if (disk.backing === null || passed.has(disk.backing.pointId)) return null
  const below = lookUp(disk.backing.pointId)
  const manifest = below === null ? null : await loadManifest(below).catch(() => null)
  const next = manifest?.manifest.disks.find(({ file }) => file === disk.backing?.file)
  // What cannot be followed is told by whoever looks at the whole chain.
  if (below === null || next === undefined) return null
  const lower = await damageBelow(ports, next, lookUp, signal, new Set([...passed, below.id]))
  const damage = lower ?? (await imageDamage(ports, below.path, next, signal))
  if (damage === null || lower !== null) return lower
  const file = `${basename(below.path)}/${next.file}`
  return { ...damage, diskId: disk.id, file, text: damage.text.replace(`"${next.file}"`, `"${file}"`) }
}

/** What is wrong with a disk's image and with those it lies over; null when nothing. @throws FloeError `system/*` */
export async function structureDamage(
  ports: Ports,
  folder: string,
  disk: ManifestDisk,
  lookUp: LookUp,
  signal: AbortSignal,
): Promise<Damage | null> {
  return (await damageBelow(ports, disk, lookUp, signal)) ?? (await imageDamage(ports, folder, disk, signal))
}

/** An image that leads to files elsewhere is not followed there. */
async function isWhole(ports: Ports, folder: string, disk: ManifestDisk, signal: AbortSignal): Promise<boolean> {
  try {
    return (await foreignPart(folder, disk, { env: ports.env, signal })) === null
  } catch (error) {
    damageOf(error, { diskId: disk.id, file: disk.file })
    return true
  }
}

async function contentDamage(
  ports: Ports,
  folder: string,
  disk: ManifestDisk,
  structural: Damage | null,
  onProgress: ReadProgress,
  signal: AbortSignal,
  pace: Pace | null,
): Promise<readonly Damage[]> {
  const loaded = await loadIndex(folder, disk)
  if (loaded.kind === 'damage') return [loaded.damage]
  const where = { diskId: disk.id, file: disk.file }
  const image = { path: join(folder, disk.file), format: disk.format }
  const progress = (doneBytes: number, totalBytes: number) => onProgress(doneBytes, totalBytes, disk.id)
  try {
    const computed = await computeContentIndex(ports, image, progress, signal, 'from-drive', null, pace)
    return differences(loaded.index, computed, where)
  } catch (error) {
    // A torn image may well end the tool that reads it; the structural damage already says so.
    const ended = error instanceof FloeError && error.code === 'system/tool-failed'
    if (structural && ended) return []
    return [damageOf(error, where)]
  }
}

/**
 * The verdict on a point. `content` reads every byte of guest data and includes `structure`.
 * @throws FloeError `point/unavailable`, `/newer-format`, `/no-index`, `system/*`; damage is never thrown
 */
export async function verifyPoint(
  ports: Ports,
  point: Point,
  level: Verification['level'],
  onProgress: ReadProgress,
  signal: AbortSignal,
  lookUp: LookUp = () => null,
  pace: Pace | null = null,
): Promise<Verification> {
  const damage: Damage[] = []
  let manifest: Manifest | null = null
  try {
    manifest = (await loadManifest(point)).manifest
  } catch (error) {
    if (!(error instanceof FloeError) || error.code !== 'point/unreadable') throw error
    const diskId = DiskId.parse('*')
    damage.push({ diskId, file: manifestFile, kind: 'structure', offset: null, length: null, text: error.message })
  }
  if (level === 'content' && manifest?.disks.some((disk) => disk.contentRoot === null)) throw noIndex(point)
  for (const disk of manifest?.disks ?? []) {
    const structural = await structureDamage(ports, point.path, disk, lookUp, signal)
    if (structural) damage.push(structural)
    const readable = structural?.kind !== 'missing' && (await isWhole(ports, point.path, disk, signal))
    if (level === 'content' && readable) {
      damage.push(...(await contentDamage(ports, point.path, disk, structural, onProgress, signal, pace)))
    }
  }
  return { level, ok: damage.length === 0, at: ports.clock.now().toISOString(), damage, foundIn: null }
}

/**
 * How the content of any image differs from what a point holds of a disk; empty when it is identical.
 * @throws FloeError `point/no-index`, `point/damaged` (the index itself), `point/*`, `system/*`
 */
export async function compareWithPoint(
  ports: Ports,
  point: Point,
  diskId: DiskId,
  image: { readonly path: string; readonly format: 'qcow2' | 'raw' },
  onProgress: (doneBytes: number) => void,
  signal: AbortSignal,
): Promise<readonly Damage[]> {
  const { manifest } = await loadManifest(point)
  const disk = manifest.disks.find((candidate) => candidate.id === diskId)
  if (!disk || disk.contentRoot === null) throw noIndex(point)
  const loaded = await loadIndex(point.path, disk)
  if (loaded.kind === 'damage') {
    throw new FloeError('point/damaged', `The restore point of ${point.createdAt} is damaged. ${loaded.damage.text}`, {
      params: { id: point.id, path: point.path, disk: diskId },
      remedy: 'Use another restore point.',
    })
  }
  const computed = await computeContentIndex(ports, image, onProgress, signal)
  return differences(loaded.index, computed, { diskId, file: basename(image.path) })
}
