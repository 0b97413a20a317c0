// Proving a restore point: what lies on the destination against what the running machine showed at the very instant.
// While the instant was held, its content index was kept in the point's folder (`disk-<id>.instant`); here the recorded
// point is read whole, from the drive, and compared with it. Until the verdict is written nothing is removed, so that a
// proof that was cut short can be taken up again.
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { DiskId } from '../../../shared/domain/ids.ts'
import type { Damage, Point, Verification } from '../../../shared/domain/point.ts'
import type { Ports } from '../ports/index.ts'
import { differences } from './content-index/compare.ts'
import { computeContentIndex } from './content-index/compute.ts'
import { type ContentIndex, decodeIndex, encodeIndex, rootOf } from './content-index/format.ts'
import { syncFolder, writeDurably } from './durable-file.ts'
import { withIndexes } from './indexing.ts'
import { type ManifestDisk, writeManifest } from './manifest.ts'
import { indexFile, instantFile } from './names.ts'
import { readPlainBytes } from './plain-file.ts'
import { loadIndex, loadManifest } from './point-files.ts'
import type { ReadProgress } from './types.ts'
import { writeVerification } from './verification-file.ts'
import { damageOf, type LookUp, structureDamage } from './verifying.ts'

/** What the instant held of a disk; null when it was not kept or cannot be trusted. */
async function keptInstant(ports: Ports, folder: string, disk: ManifestDisk): Promise<ContentIndex | null> {
  const path = join(folder, instantFile(disk.id))
  let bytes: Buffer
  try {
    bytes = await readPlainBytes(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  const reading = decodeIndex(bytes)
  if (reading.kind === 'sound') return reading.index
  ports.logger.warn('What was kept of an instant cannot be used to prove its restore point', { path })
  return null
}

/** Every way in which a disk of the point is not what the instant held. */
async function disproof(
  ports: Ports,
  point: Point,
  disk: ManifestDisk,
  instant: ContentIndex,
  lookUp: LookUp,
  onProgress: ReadProgress,
  signal: AbortSignal,
): Promise<readonly Damage[]> {
  const where = { diskId: disk.id, file: disk.file }
  const structural = await structureDamage(ports, point.path, disk, lookUp, signal)
  if (structural) return [structural]
  const image = { path: join(point.path, disk.file), format: disk.format }
  const progress = (doneBytes: number, totalBytes: number) => onProgress(doneBytes, totalBytes, disk.id)
  try {
    const computed = await computeContentIndex(ports, image, progress, signal, 'from-drive')
    const found = differences(instant, computed, where, 'what the running machine held at this instant')
    return [...found, ...(await indexDisproof(point, disk, instant))]
  } catch (error) {
    return [damageOf(error, where)]
  }
}

/** A content index that was made before the proof has to be the instant's too. */
async function indexDisproof(point: Point, disk: ManifestDisk, instant: ContentIndex): Promise<readonly Damage[]> {
  if (disk.contentRoot === null) return []
  const loaded = await loadIndex(point.path, disk)
  if (loaded.kind === 'damage') return [loaded.damage]
  if (disk.contentRoot === rootOf(instant)) return []
  const file = disk.indexFile ?? indexFile(disk.id)
  const text = `The content index "${file}" is not what the running machine held at this instant.`
  return [{ diskId: disk.id, file, kind: 'index', offset: null, length: null, text }]
}

/**
 * Makes the instants the point's content indexes: what has been compared with the machine is what every later check has
 * to find. After a difference too, so that no later check takes what lies there for good.
 */
async function keepIndexes(point: Point, instants: ReadonlyMap<DiskId, ContentIndex>): Promise<void> {
  const { manifest } = await loadManifest(point)
  const wrong = manifest.disks.filter((disk) => {
    const instant = instants.get(disk.id)
    return instant !== undefined && disk.contentRoot !== rootOf(instant)
  })
  if (wrong.length === 0) return
  const written = new Map<string, { root: string; indexFile: string; indexSize: number }>()
  for (const disk of wrong) {
    const instant = instants.get(disk.id) as ContentIndex
    const file = indexFile(disk.id)
    await writeDurably(join(point.path, file), encodeIndex(instant))
    const indexSize = (await stat(join(point.path, file))).size
    written.set(disk.id, { root: rootOf(instant), indexFile: file, indexSize })
  }
  const { raw } = await loadManifest(point)
  await writeManifest(point.path, withIndexes(raw, written))
}

/**
 * Reads a recorded point whole and compares it, chunk by chunk, with what the running machine held at its instant. The
 * verdict stays with the point (level `live`), and the instants become its content indexes; `spread` tells it to the
 * points that share its bytes. Null when the instant of a
 * disk was not kept: then nothing can be said. `stillThere` throws when the drive went away while it was read.
 * @throws FloeError `point/*`, `system/*`; a difference is never thrown
 */
export async function provePoint(
  ports: Ports,
  point: Point,
  onProgress: ReadProgress,
  signal: AbortSignal,
  stillThere: () => Promise<void> = async () => {},
  lookUp: LookUp = () => null,
  spread: (verdict: Verification) => Promise<Verification> = async (verdict) => verdict,
): Promise<Verification | null> {
  const { manifest } = await loadManifest(point)
  const instants = new Map<DiskId, ContentIndex>()
  for (const disk of manifest.disks) {
    const instant = await keptInstant(ports, point.path, disk)
    if (instant === null) return null
    instants.set(disk.id, instant)
  }
  const damage: Damage[] = []
  for (const disk of manifest.disks) {
    const instant = instants.get(disk.id) as ContentIndex
    damage.push(...(await disproof(ports, point, disk, instant, lookUp, onProgress, signal)))
  }
  signal.throwIfAborted()
  if (damage.length > 0) await stillThere()
  const at = ports.clock.now().toISOString()
  const verdict: Verification = { level: 'live', ok: damage.length === 0, at, damage, foundIn: null }
  // A difference first of all: from here on nobody may take the point for good, whatever happens next.
  if (!verdict.ok) await writeVerification(point.path, point.id, verdict)
  await keepIndexes(point, instants)
  if (verdict.ok) await writeVerification(point.path, point.id, verdict)
  const told = await spread(verdict)
  for (const disk of manifest.disks) await rm(join(point.path, instantFile(disk.id)), { force: true })
  await syncFolder(point.path)
  return told
}
