import { join } from 'node:path'
import type { PointId } from '../../../shared/domain/ids.ts'
import type { Damage, Point } from '../../../shared/domain/point.ts'
import { FloeError } from '../errors.ts'
import { type ContentIndex, decodeIndex } from './content-index/format.ts'
import { type Copied, decodeCopied } from './copied-file.ts'
import { type Freshness, type Manifest, type ManifestDisk, readManifest } from './manifest.ts'
import { plainFileSize, readPlainBytes } from './plain-file.ts'
import type { JsonObject } from './sealed-json.ts'

const when = (point: Point) => `The restore point of ${point.createdAt}`

/**
 * Reads a point's manifest, anew unless said otherwise.
 * @throws FloeError `point/unavailable`, `point/unreadable`, `point/newer-format`
 */
export async function loadManifest(
  point: Point,
  fresh: Freshness = 'anew',
): Promise<{ manifest: Manifest; raw: JsonObject }> {
  const params = { id: point.id, path: point.path }
  if (!point.available) {
    throw new FloeError('point/unavailable', `${when(point)} lies on a destination that is not connected.`, {
      params,
      remedy: 'Connect the destination.',
    })
  }
  const reading = await readManifest(point.path, fresh).catch((cause: unknown) => {
    throw new FloeError('point/unreadable', `${when(point)} cannot be read: ${(cause as Error).message}`, {
      params,
      cause,
    })
  })
  if (reading.kind === 'newer') {
    throw new FloeError('point/newer-format', `${when(point)} was made by a newer Floe (format ${reading.version}).`, {
      params,
      remedy: 'Update Floe to use it.',
    })
  }
  if (reading.kind === 'broken' || reading.manifest.id !== point.id) {
    const reason = reading.kind === 'broken' ? reading.reason : 'It belongs to another restore point.'
    throw new FloeError(
      'point/unreadable',
      `${when(point)} cannot be used: its manifest.json cannot be trusted. ${reason}`,
      {
        params: { ...params, reason },
        remedy: 'Use another restore point. RESTORE.txt beside it says how to get at its images by hand.',
      },
    )
  }
  return reading
}

/** What is wrong with the presence and size of a disk's image. */
export async function imageFileDamage(folder: string, disk: ManifestDisk): Promise<Damage | null> {
  const where = { diskId: disk.id, file: disk.file, offset: null, length: null }
  const size = await plainFileSize(join(folder, disk.file))
  if (size === null) return { ...where, kind: 'missing', text: `The image "${disk.file}" is missing.` }
  if (size === disk.fileSize) return null
  return { ...where, kind: 'size', text: `The image "${disk.file}" has ${size} bytes instead of ${disk.fileSize}.` }
}

/**
 * The point, when its manifest is sound, its images and all those they lie over are there with their sizes, and no check
 * found damage.
 * @throws FloeError `point/*`
 */
export async function assertReadable(
  point: Point,
  lookUp: (id: PointId) => Point | null,
  fresh: Freshness = 'anew',
): Promise<Manifest> {
  const { manifest } = await loadManifest(point)
  for (const disk of manifest.disks) {
    const damage = await imageFileDamage(point.path, disk)
    if (!damage) continue
    const code = damage.kind === 'missing' ? 'point/file-missing' : 'point/damaged'
    throw new FloeError(code, `${when(point)} is not complete. ${damage.text}`, {
      params: { id: point.id, path: point.path, file: disk.file },
      remedy: 'Use another restore point.',
    })
  }
  if (point.verification && !point.verification.ok) {
    const first = point.verification.damage[0]?.text ?? ''
    throw new FloeError('point/damaged', `${when(point)} is damaged, as its last check found. ${first}`.trim(), {
      params: { id: point.id, path: point.path },
      remedy: 'Use another restore point, or verify this one again after checking the drive.',
    })
  }
  for (const disk of manifest.disks) await assertBelow(point, disk, lookUp, fresh)
  return manifest
}

/** Follows a disk's image down to the one that stands alone. @throws FloeError `point/*` that names file and point */
async function assertBelow(
  point: Point,
  top: ManifestDisk,
  lookUp: (id: PointId) => Point | null,
  fresh: Freshness,
): Promise<void> {
  const passed = new Set([point.id])
  let disk = top
  while (disk.backing !== null) {
    const { pointId, file } = disk.backing
    const below = lookUp(pointId)
    const whose = below ? `that of ${below.createdAt}` : pointId
    const broken = (code: FloeError['code'], reason: string, cause?: unknown) =>
      new FloeError(code, `${when(point)} needs "${file}" of an earlier restore point, ${whose}. ${reason}`, {
        params: { id: point.id, path: point.path, file, needs: pointId },
        remedy: 'Use another restore point.',
        cause,
      })
    if (!below) throw broken('point/file-missing', 'That restore point is gone.')
    if (passed.has(pointId)) throw broken('point/damaged', 'Their images lie over each other in a circle.')
    passed.add(pointId)
    const { manifest } = await loadManifest(below, fresh).catch((error: unknown) => {
      throw error instanceof FloeError ? broken(error.code, error.message, error) : error
    })
    const next = manifest.disks.find((candidate) => candidate.file === file)
    if (!next) throw broken('point/file-missing', 'That restore point has no such image.')
    const lack = await imageFileDamage(below.path, next)
    if (lack) throw broken(lack.kind === 'missing' ? 'point/file-missing' : 'point/damaged', lack.text)
    const verdict = below.verification?.ok === false ? below.verification.damage : []
    // Damage in some of its bytes only concerns points that show them, and those are marked themselves.
    const isWhole = ({ kind }: Damage) => kind === 'structure' || kind === 'size' || kind === 'missing'
    const found = verdict.find((damage) => isWhole(damage) && (damage.diskId === next.id || damage.diskId === '*'))
    if (found) throw broken('point/damaged', `It is damaged, as its last check found. ${found.text}`)
    disk = next
  }
}

/** A disk's content index; what is wrong with it is a `Damage`. The disk must have one (`contentRoot` not null). */
export async function loadIndex(
  folder: string,
  disk: ManifestDisk,
): Promise<{ kind: 'index'; index: ContentIndex } | { kind: 'damage'; damage: Damage }> {
  const file = disk.indexFile ?? ''
  const damage = (text: string) => ({
    kind: 'damage' as const,
    damage: { diskId: disk.id, file, kind: 'index' as const, offset: null, length: null, text },
  })
  let bytes: Buffer
  try {
    bytes = await readPlainBytes(join(folder, file))
  } catch (error) {
    return damage(`The content index "${file}" cannot be read: ${(error as Error).message}`)
  }
  const reading = decodeIndex(bytes)
  if (reading.kind === 'newer') return damage(`The content index "${file}" was made by a newer Floe.`)
  if (reading.kind === 'broken') return damage(`The content index "${file}" cannot be trusted. ${reading.reason}`)
  if (reading.root !== disk.contentRoot) return damage(`The content index "${file}" is not the one the manifest names.`)
  if (reading.index.virtualSize !== disk.virtualSize)
    return damage(`The content index "${file}" is of a disk of another size.`)
  return { kind: 'index', index: reading.index }
}

/** What the backup wrote into a disk's image, by the list `file` beside it. */
export async function loadCopied(
  folder: string,
  disk: ManifestDisk,
  file: string,
): Promise<({ kind: 'extents' } & Pick<Copied, 'extents' | 'granularity'>) | { kind: 'damage'; damage: Damage }> {
  const damage = (text: string) => ({
    kind: 'damage' as const,
    damage: { diskId: disk.id, file, kind: 'index' as const, offset: null, length: null, text },
  })
  let bytes: Buffer
  try {
    bytes = await readPlainBytes(join(folder, file))
  } catch (error) {
    return damage(`The list "${file}" cannot be read: ${(error as Error).message}`)
  }
  const reading = decodeCopied(bytes)
  if (reading.kind === 'newer') return damage(`The list "${file}" was made by a newer Floe.`)
  if (reading.kind === 'broken') return damage(`The list "${file}" cannot be trusted. ${reading.reason}`)
  if (reading.copied.virtualSize !== disk.virtualSize) return damage(`The list "${file}" is of a disk of another size.`)
  const { extents, granularity } = reading.copied
  return { kind: 'extents', extents, granularity }
}
