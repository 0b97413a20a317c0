import { join } from 'node:path'
import { z } from 'zod'
import { MachineId, PointId } from '../../../shared/domain/ids.ts'
import { BackupKind, BackupWay, Consistency, PointDisk, PointFreeze } from '../../../shared/domain/point.ts'
import { writeDurably } from './durable-file.ts'
import { asSwapped } from './merge-file.ts'
import { manifestFile } from './names.ts'
import { readPlainText } from './plain-file.ts'
import { type JsonObject, seal, unseal } from './sealed-json.ts'
import { Unchanged } from './unchanged.ts'

export const manifestFormat = 'floe-restore-point'
export const manifestVersion = 1

const plainName = z.string().regex(/^(?!\.{1,2}$)[^/\0]+$/)

/** A disk as the manifest records it. Keys that this version does not know are kept. */
export const ManifestDisk = PointDisk.extend({
  file: plainName,
  /** Content index beside the image; null until the point was checked. */
  indexFile: plainName.nullable(),
  /** The point and file this image lies over (storage `chain`); null for an image that stands alone. */
  backing: z.object({ pointId: PointId, file: z.string() }).nullable(),
  /** The point whose clone this image started as (storage `clone`); null otherwise. */
  base: z.object({ pointId: PointId }).nullable(),
  /** List of what the backup wrote into the image, beside it; null when nobody knows. */
  copiedFile: plainName.nullable().default(null),
}).loose()

/** `manifest.json` of a restore point (docs/storage-format.md). */
export const Manifest = z
  .object({
    format: z.literal(manifestFormat),
    version: z.literal(manifestVersion),
    id: PointId,
    machine: z.object({ id: MachineId, name: z.string() }).loose(),
    createdAt: z.iso.datetime(),
    recordedAt: z.iso.datetime(),
    /** Counts a machine's points in one destination: their true order when the clock was set back. */
    sequence: z.number().int().nonnegative(),
    kind: BackupKind,
    kindReason: z.string(),
    parentId: PointId.nullable(),
    consistency: Consistency,
    consistencyReason: z.string().nullable(),
    storage: z.enum(['clone', 'chain']),
    /** Bytes on the destination that are counted for this point, without its content indexes; null: its files' sizes. */
    ownBytes: z.number().int().nonnegative().nullable().default(null),
    /** What a newer Floe may add counts as `push`: it tells nothing about the point's worth. */
    way: BackupWay.catch('push'),
    freeze: PointFreeze.nullable().default(null),
    pausedMs: z.number().nonnegative().nullable().default(null),
    qemuVersion: z.string().nullable(),
    startCommand: z.string().nullable(),
    disks: z.array(ManifestDisk).min(1),
    /** Every file of the point that Floe relies on, with its size in bytes. */
    files: z.array(z.object({ name: plainName, size: z.number().int().nonnegative() }).loose()),
  })
  .loose()
export type Manifest = z.infer<typeof Manifest>
export type ManifestDisk = z.infer<typeof ManifestDisk>

export type ManifestReading =
  | { readonly kind: 'sound'; readonly manifest: Manifest; readonly raw: JsonObject }
  | { readonly kind: 'newer'; readonly version: number; readonly raw: JsonObject }
  | { readonly kind: 'broken'; readonly reason: string }

/** What a manifest's text says. Never throws. */
export function readManifestText(text: string): ManifestReading {
  const unsealed = unseal(text, manifestFormat, manifestVersion)
  if (unsealed.kind === 'broken') return unsealed
  if (unsealed.kind === 'newer') return { kind: 'newer', version: unsealed.version, raw: unsealed.value }
  const parsed = Manifest.safeParse(unsealed.value)
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.join('.') || 'it'
    return { kind: 'broken', reason: `What it says about "${where}" makes no sense.` }
  }
  return { kind: 'sound', manifest: parsed.data, raw: unsealed.value }
}

const readAnew = async (path: string): Promise<ManifestReading> => readManifestText(await readPlainText(path))
const unchanged = new Unchanged(readAnew, ({ kind }) => kind === 'sound')

/**
 * `known`: what has not changed since the last time, by its file's inode, size and times, is not read again: for a long
 * chain that is about to be built on. `anew` for whatever is to be checked.
 */
export type Freshness = 'anew' | 'known'

/**
 * Reads the manifest in a point's folder, as it stands while files there are being swapped (merge-file.ts). A missing file
 * is `broken`; other failures of the system are thrown.
 */
export async function readManifest(folder: string, fresh: Freshness = 'anew'): Promise<ManifestReading> {
  try {
    const path = join(folder, manifestFile)
    const reading = await (fresh === 'known' ? unchanged.of(path) : readAnew(path))
    if (reading.kind !== 'sound') return reading
    const raw = await asSwapped(folder, reading.raw)
    return raw === reading.raw ? reading : { kind: 'sound', raw, manifest: Manifest.parse(raw) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'broken', reason: 'It is missing.' }
    throw error
  }
}

/** Writes the manifest in one step that a crash cannot tear. */
export async function writeManifest(folder: string, manifest: JsonObject): Promise<void> {
  await writeDurably(join(folder, manifestFile), seal(manifest))
}
