// What the image of a machine that is off says of its dirty bitmaps: those that QEMU stored when it ended cleanly.
import type { DiskId } from '../../../shared/domain/ids.ts'
import { FloeError } from '../errors.ts'
import { bytesIn } from '../extents/extents.ts'
import { readImageBitmap } from '../nbd/bitmap.ts'
import { imageArgument, runTool, type ToolOptions } from '../qemu-img/index.ts'
import { type ImageSpecifics, keptIn } from './kept-in.ts'
import { parseBitmapName } from './naming.ts'
import type { DiskBitmap, DiskTracking } from './types.ts'
import { witnessOf } from './witness.ts'

/** A disk of a machine that is off. */
export interface OfflineDisk {
  readonly id: DiskId
  readonly imagePath: string | null
  readonly format: string | null
  /** Absolute paths, nearest first. */
  readonly backingChain: readonly string[]
}

/** Flags: `auto` records whatever QEMU writes, `in-use` was not stored by the QEMU that had it last (qcow2 spec). */
interface StoredBitmap {
  readonly name: string
  readonly granularity: number
  readonly flags: readonly string[]
}

type Specifics = ImageSpecifics & { readonly bitmaps?: readonly StoredBitmap[] }

interface Info {
  readonly 'format-specific'?: { readonly data?: Specifics }
}

/**
 * Of images that nobody has open for writing. An image that cannot be read is left out. Marked bytes are counted for
 * Floe's own bitmaps.
 * @throws FloeError `system/tool-missing`, `system/interrupted`
 */
export async function readOfflineTracking(
  disks: readonly OfflineDisk[],
  options: ToolOptions = {},
): Promise<ReadonlyMap<DiskId, DiskTracking>> {
  const found = new Map<DiskId, DiskTracking>()
  for (const disk of disks) {
    const tracking = await trackingOf(disk, options).catch((error: unknown) => {
      if (error instanceof FloeError && error.code === 'system/tool-failed') return null
      throw error
    })
    if (tracking) found.set(disk.id, tracking)
  }
  return found
}

/**
 * The names of all bitmaps that a qcow2 image stores.
 * @throws FloeError `system/tool-failed` when it cannot be read; `system/tool-missing`, `system/interrupted`
 */
export async function storedNames(path: string, options: ToolOptions = {}): Promise<readonly string[]> {
  const { bitmaps } = await specificsOf(path, 'qcow2', options)
  return (bitmaps ?? []).map(({ name }) => name)
}

async function specificsOf(path: string, format: string, options: ToolOptions): Promise<Specifics> {
  const args = ['info', '--output=json', imageArgument(path, format)]
  const { stdout } = await runTool('qemu-img', `read the header of "${path}"`, args, options)
  return (JSON.parse(stdout) as Info)['format-specific']?.data ?? {}
}

async function trackingOf(disk: OfflineDisk, options: ToolOptions): Promise<DiskTracking | null> {
  const { id, imagePath: path, format, backingChain } = disk
  if (path === null || format === null) return null
  const witness = await witnessOf(backingChain)
  if (format !== 'qcow2') return { diskId: id, bitmaps: [], keeps: 'volatile', witness, format }
  const specific = await specificsOf(path, format, options)
  const bitmaps: DiskBitmap[] = []
  for (const stored of specific.bitmaps ?? []) bitmaps.push(await bitmapOf(stored, path, options))
  return { diskId: id, bitmaps, keeps: keptIn(format, specific), witness, format }
}

async function bitmapOf(stored: StoredBitmap, path: string, options: ToolOptions): Promise<DiskBitmap> {
  const { name, granularity, flags } = stored
  const inconsistent = flags.includes('in-use')
  const counted = !inconsistent && parseBitmapName(name) !== null
  return {
    name,
    recording: !inconsistent && flags.includes('auto'),
    persistent: true,
    busy: false,
    inconsistent,
    granularity,
    dirtyBytes: counted ? bytesIn(await readImageBitmap(path, name, options)) : 0,
  }
}
