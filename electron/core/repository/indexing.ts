import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { PointId } from '../../../shared/domain/ids.ts'
import type { Damage, Point, Verification } from '../../../shared/domain/point.ts'
import { FloeError } from '../errors.ts'
import type { Ports } from '../ports/index.ts'
import { checkImage } from '../qemu-img/index.ts'
import { mostRanges } from './content-index/compare.ts'
import { computeContentIndex } from './content-index/compute.ts'
import { chunkLength, chunkSize, encodeIndex, rootOf } from './content-index/format.ts'
import { writeDurably } from './durable-file.ts'
import { type Inheritance, inheritanceOf, parentDamage } from './inheriting.ts'
import { type ManifestDisk, writeManifest } from './manifest.ts'
import { indexFile } from './names.ts'
import { imageFileDamage, loadManifest } from './point-files.ts'
import type { JsonObject } from './sealed-json.ts'
import { foreignPart } from './standing-alone.ts'
import type { ReadProgress } from './types.ts'
import { writeVerification } from './verification-file.ts'

interface DiskIndex {
  readonly root: string
  readonly indexFile: string
  readonly indexSize: number
}

/** Keeps a verdict on a point, and marks every other point that it concerns. */
type Spread = (point: Point, verdict: Verification) => Promise<unknown>

interface Indexing {
  readonly ports: Ports
  readonly point: Point
  readonly lookUp: (id: PointId) => Point | null
  readonly onProgress: ReadProgress
  readonly signal: AbortSignal
  readonly spread: Spread
}

/**
 * Reads a point's images back (of an incremental: what was copied, inheriting.ts), writes their content indexes beside them and the roots into the manifest. Does nothing
 * when the point has them: an index is only ever taken from images that were just written.
 * @throws FloeError `backup/check-failed` when an image is damaged (the point is marked), `point/*`, `system/*`
 */
export async function indexPoint(
  ports: Ports,
  point: Point,
  lookUp: (id: PointId) => Point | null,
  onProgress: ReadProgress,
  signal: AbortSignal,
  spread: Spread,
): Promise<void> {
  const work: Indexing = { ports, point, lookUp, onProgress, signal, spread }
  const { manifest } = await loadManifest(point)
  if (manifest.disks.every((disk) => disk.contentRoot !== null)) return
  const found = new Map<string, DiskIndex>()
  for (const disk of manifest.disks) {
    const damage = await imageFileDamage(point.path, disk)
    if (damage) throw await checkFailed(work, [damage])
    found.set(disk.id, await indexDisk(work, disk))
  }
  // Another Floe may have added keys to the manifest in the meantime.
  const { raw } = await loadManifest(point)
  await writeManifest(point.path, withIndexes(raw, found))
}

async function indexDisk(work: Indexing, disk: ManifestDisk): Promise<DiskIndex> {
  const { ports, point, lookUp, onProgress, signal } = work
  const path = join(point.path, disk.file)
  const where = { diskId: disk.id, file: disk.file, offset: null, length: null }
  const foreign = await foreignPart(point.path, disk, { env: ports.env, signal, fresh: 'known' })
  if (foreign) throw await checkFailed(work, [foreign])
  const check = await checkImage(path, disk.format, { env: ports.env, signal })
  if (check.errors > 0) {
    const text = `The image "${disk.file}" has ${check.errors} structural errors. ${check.text}`.trim()
    throw await checkFailed(work, [{ ...where, kind: 'structure', text }])
  }
  const inherited = await inheritanceOf(point, disk, lookUp)
  const known = point.verification
  // An index made of bytes that are known to be damaged would vouch for them.
  if (inherited === null && disk.parentId !== null && known?.ok === false && known.level !== 'structure') {
    if (known.damage.some(({ diskId }) => diskId === disk.id)) throw checkFailure(point, known.damage)
  }
  const progress = (doneBytes: number, totalBytes: number) => onProgress(doneBytes, totalBytes, disk.id)
  const image = { path, format: disk.format }
  const part = inherited?.part ?? null
  const { index, unreadable } = await computeContentIndex(ports, image, progress, signal, 'cached', part)
  const lost = unreadable.slice(0, mostRanges).map(({ chunk, text }): Damage => {
    const length = chunkLength(index.virtualSize, chunk)
    const said = `The image "${disk.file}" cannot be read back: ${text}`
    return { ...where, kind: 'content', offset: chunk * chunkSize, length, text: said }
  })
  if (lost.length > 0) throw await checkFailed(work, lost)
  if (index.virtualSize !== disk.virtualSize) {
    const text = `The image "${disk.file}" shows ${index.virtualSize} bytes instead of ${disk.virtualSize}.`
    throw await checkFailed(work, [{ ...where, kind: 'size', text }])
  }
  const old = inherited ? await parentDamage(ports, inherited, signal) : []
  if (inherited && old.length > 0) throw await parentFailed(work, inherited, disk, old)
  const file = indexFile(disk.id)
  await writeDurably(join(point.path, file), encodeIndex(index))
  return { root: rootOf(index), indexFile: file, indexSize: (await stat(join(point.path, file))).size }
}

/** Both points are marked, because they show the same damaged bytes; and so is every other that shares them. */
async function parentFailed(
  work: Indexing,
  { parent }: Inheritance,
  disk: ManifestDisk,
  damage: readonly Damage[],
): Promise<FloeError> {
  const { ports, point, spread } = work
  const own = damage.map((one): Damage => {
    const text = `It started from the restore point of ${parent.point.createdAt}, which is damaged. ${one.text}`
    return { ...one, file: disk.file, text }
  })
  const verdict = { ...verdictOf(ports, own), foundIn: parent.point.id }
  await writeVerification(point.path, point.id, verdict).catch((error: unknown) => {
    ports.logger.error('The verdict on a restore point could not be written', { point: point.id, error: String(error) })
  })
  await spread(parent.point, verdictOf(ports, damage))
  return checkFailure(point, own)
}

const verdictOf = (ports: Ports, damage: readonly Damage[]): Verification => ({
  level: 'content',
  ok: false,
  at: ports.clock.now().toISOString(),
  damage: [...damage],
  foundIn: null,
})

async function checkFailed({ ports, point, spread }: Indexing, damage: readonly Damage[]): Promise<FloeError> {
  await spread(point, verdictOf(ports, damage))
  return checkFailure(point, damage)
}

export function checkFailure(point: Point, [first]: readonly Damage[]): FloeError {
  return new FloeError(
    'backup/check-failed',
    `The new restore point did not pass its check. ${first?.text ?? ''}`.trim(),
    {
      params: { id: point.id, path: point.path, disk: first?.diskId ?? '', offset: first?.offset ?? null },
      remedy: 'Check the drive and back up again. This restore point is marked as damaged.',
    },
  )
}

/** The manifest with the roots and index files added; everything else in it stays as it is. */
export function withIndexes(raw: JsonObject, found: ReadonlyMap<string, DiskIndex>): JsonObject {
  const disks = (raw.disks as readonly JsonObject[]).map((disk) => {
    const index = found.get(String(disk.id))
    return index ? { ...disk, contentRoot: index.root, indexFile: index.indexFile } : disk
  })
  const added = [...found.values()].map((index) => ({ name: index.indexFile, size: index.indexSize }))
  const names = new Set(added.map((file) => file.name))
  const files = (raw.files as readonly JsonObject[]).filter((file) => !names.has(String(file.name)))
  return { ...raw, disks, files: [...files, ...added] }
}
