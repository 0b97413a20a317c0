// `merge.json` in a point's folder: what is being put in place there because earlier points are deleted. While it says
// `building`, new files are made beside the old ones and nothing has changed; from `swapping` on they are complete and on
// the disk, and whoever finds the file goes on (docs/storage-format.md, "Deleting"). At every moment in between each
// file is wholly the old or wholly the new one, and the manifest is read accordingly.
import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { DiskId, PointId } from '../../../shared/domain/ids.ts'
import { writeDurably } from './durable-file.ts'
import { isMissing } from './failures.ts'
import { mergeFile } from './names.ts'
import { readPlainText } from './plain-file.ts'
import { type JsonObject, seal, unseal } from './sealed-json.ts'

const format = 'floe-merge'
const version = 1

const plainName = z.string().regex(/^(?!\.{1,2}$)[^/\0]+$/)
const stagedName = z.string().regex(/^disk-[^/\0]+\.merging-[0-9a-f]{12}$/)
const backing = z.object({ pointId: PointId, file: z.string() }).nullable()

const MergeIntent = z.object({
  pointId: PointId,
  /** Who is at it: a process of a host. */
  owner: z.object({ host: z.string(), pid: z.number().int() }),
  stage: z.enum(['building', 'swapping']),
  /** `staged` takes the place of `file`. `size` in bytes; null while it is being built. */
  swaps: z.array(z.object({ file: plainName, staged: stagedName, size: z.number().int().nonnegative().nullable() })),
  /** What the manifest says once all files are in place. */
  change: z.object({
    parentId: PointId.nullable(),
    ownBytes: z.number().int().nonnegative().nullable(),
    disks: z.array(
      z.object({
        id: DiskId,
        parentId: PointId.nullable(),
        backing,
        base: z.object({ pointId: PointId }).nullable(),
        copiedFile: plainName.nullable(),
      }),
    ),
  }),
})
export type MergeIntent = z.infer<typeof MergeIntent>

export type MergeReading =
  | { readonly kind: 'none' }
  | { readonly kind: 'intent'; readonly intent: MergeIntent }
  /** Made by a newer Floe, or not readable: nobody touches what it may speak of. */
  | { readonly kind: 'unclear' }

export async function readMerge(folder: string): Promise<MergeReading> {
  let text: string
  try {
    text = await readPlainText(join(folder, mergeFile))
  } catch (error) {
    if (isMissing(error)) return { kind: 'none' }
    return { kind: 'unclear' }
  }
  const unsealed = unseal(text, format, version)
  const parsed = unsealed.kind === 'sound' ? MergeIntent.safeParse(unsealed.value) : null
  return parsed?.success ? { kind: 'intent', intent: parsed.data } : { kind: 'unclear' }
}

export async function writeMerge(folder: string, intent: MergeIntent): Promise<void> {
  await writeDurably(join(folder, mergeFile), seal({ format, version, ...intent }))
}

/** A file took its name over: the one that was built is not there under its own any more. */
async function isInPlace(folder: string, swap: MergeIntent['swaps'][number]): Promise<boolean> {
  try {
    await lstat(join(folder, swap.staged))
    return false
  } catch (error) {
    if (isMissing(error)) return true
    throw error
  }
}

/** The manifest as it has to be read while files are swapped: sizes and backing files of those that are in place. */
export async function asSwapped(folder: string, raw: JsonObject): Promise<JsonObject> {
  const reading = await readMerge(folder)
  if (reading.kind !== 'intent' || reading.intent.stage !== 'swapping') return raw
  const { swaps, change } = reading.intent
  const placed = new Set<string>()
  for (const swap of swaps) if (await isInPlace(folder, swap)) placed.add(swap.file)
  return withFiles(raw, swaps, change, placed)
}

/** The manifest with everything the intent changes. */
export function asMerged(raw: JsonObject, { swaps, change }: Pick<MergeIntent, 'swaps' | 'change'>): JsonObject {
  const byId = new Map(change.disks.map((disk) => [String(disk.id), disk]))
  const changed = withFiles(raw, swaps, change, new Set(swaps.map(({ file }) => file)))
  const kept = new Set(change.disks.map(({ copiedFile }) => copiedFile))
  const dropped = new Set<unknown>()
  const disks = (changed.disks as readonly JsonObject[]).map((disk) => {
    const now = byId.get(String(disk.id))
    if (!now) return disk
    if (disk.copiedFile !== now.copiedFile && !kept.has(String(disk.copiedFile))) dropped.add(disk.copiedFile)
    return { ...disk, parentId: now.parentId, backing: now.backing, base: now.base, copiedFile: now.copiedFile }
  })
  const files = (changed.files as readonly JsonObject[]).filter(({ name }) => !dropped.has(name))
  return { ...changed, parentId: change.parentId, ownBytes: change.ownBytes, disks, files }
}

function withFiles(
  raw: JsonObject,
  swaps: MergeIntent['swaps'],
  change: MergeIntent['change'],
  placed: ReadonlySet<string>,
): JsonObject {
  const sizes = new Map(swaps.flatMap(({ file, size }) => (placed.has(file) && size !== null ? [[file, size]] : [])))
  const backings = new Map(change.disks.map((disk) => [String(disk.id), disk.backing]))
  const disks = (raw.disks as readonly JsonObject[]).map((disk) => {
    const size = sizes.get(String(disk.file))
    return size === undefined ? disk : { ...disk, fileSize: size, backing: backings.get(String(disk.id)) ?? null }
  })
  const known = (raw.files as readonly JsonObject[]).map((file) => ({
    ...file,
    size: sizes.get(String(file.name)) ?? file.size,
  }))
  return { ...raw, disks, files: known }
}
