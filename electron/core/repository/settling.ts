// What one image of a point being recorded turned out to be: whole by itself, a clone, or lying over another; and what
// the backup wrote into it. Everything here may be done again after a crash.
import { lstat, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { bytesIn, type Extents } from '../extents/extents.ts'
import type { Ports } from '../ports/index.ts'
import { type ImageInfo, imageInfo } from '../qemu-img/index.ts'
import { backingPlace, diskAt } from './backing.ts'
import { syncFile } from './durable-file.ts'
import { parentLost } from './making-images.ts'
import type { Manifest, ManifestDisk } from './manifest.ts'
import { copiedFile, imageFile } from './names.ts'
import type { BegunImage } from './partials.ts'
import { plainFileSize } from './plain-file.ts'
import type { PartialPoint, PointFacts } from './types.ts'
import { dataExtents, keepWritten } from './written.ts'

export interface SettledImage {
  readonly disk: ManifestDisk
  readonly files: Manifest['files']
  /** Bytes on the destination that nothing but this point takes up for the disk. */
  readonly ownBytes: number
}

/** Bytes a file occupies on its file system. */
const occupied = async (path: string): Promise<number> => (await lstat(path)).blocks * 512

/**
 * The image below this one; null when it stands alone.
 * @throws FloeError `backup/parent-lost`; an Error when the image leans on what no point holds
 */
async function backingOf(folder: string, info: ImageInfo, begun: BegunImage | null): Promise<ManifestDisk['backing']> {
  const { backingFile, dataFile } = info
  if (dataFile !== null) throw new Error(`A part of an image is in "${dataFile}".`)
  if (backingFile === null) {
    if (begun?.kind !== 'overlay') return null
    throw new Error('An image does not lie over the one it was begun with any more.')
  }
  const place = backingPlace(folder, backingFile)
  const isKnown = begun !== null && begun.parentId !== null && begun.kind !== 'empty'
  if (place === null || !isKnown || (begun.kind === 'overlay' && place.pointId !== begun.parentId)) {
    throw new Error(`An image lies over "${backingFile}", which the backup did not begin with.`)
  }
  const found = await diskAt(place)
  const params = { id: place.pointId, path: place.folder }
  if (found.kind === 'lost') throw parentLost(found.reason, params)
  const size = await plainFileSize(join(place.folder, place.file))
  if (size !== found.disk.fileSize) throw parentLost(`Its image "${place.file}" is not whole.`, params)
  return { pointId: place.pointId, file: place.file }
}

/** Bytes written into a clone: zeroes are a mark in its tables, whatever the guest discarded. A figure, never worth a copy. */
async function bytesWritten(ports: Pick<Ports, 'env' | 'logger'>, path: string, copied: Extents): Promise<number> {
  try {
    return bytesIn(await dataExtents(ports, path, copied))
  } catch (error) {
    ports.logger.warn('Zeroes that a backup wrote are counted like data', { path, error: String(error) })
    return bytesIn(copied)
  }
}

/** @throws FloeError `backup/parent-lost`, `system/*`, the system's error, or an Error that says what is wrong */
export async function settleImage(
  ports: Pick<Ports, 'env' | 'logger'>,
  partial: PartialPoint,
  facts: PointFacts['disks'][number],
  begun: BegunImage | null,
): Promise<SettledImage> {
  const path = partial.imagePath(facts.id)
  // Changes since a point, in an image that does not start from it, would look like a whole disk.
  if (facts.basis !== 'all' && (facts.parentId === null || begun?.parentId !== facts.parentId)) {
    throw new Error(`The image of the disk "${facts.id}" did not start from the point that its changes are since.`)
  }
  if ((await stat(path)).size === 0) throw new Error(`The image of the disk "${facts.id}" is empty.`)
  const info = await imageInfo(path, 'qcow2', { env: ports.env })
  const backing = await backingOf(partial.folder, info, begun)
  const startedEmpty = begun === null || begun.parentId === null
  const file = imageFile(facts.id)
  const copied = await keepWritten(ports, partial.folder, { id: facts.id, image: file, startedEmpty }, info)
  await syncFile(path)
  const { size } = await stat(path)
  const list = copied === null ? null : copiedFile(facts.id)
  const base = begun?.kind === 'clone' && begun.parentId !== null ? { pointId: begun.parentId } : null
  const disk: ManifestDisk = {
    ...facts,
    parentId: begun?.parentId ?? null,
    bytesCopied: startedEmpty || copied === null ? facts.bytesCopied : bytesIn(copied.extents),
    file,
    format: 'qcow2',
    fileSize: size,
    contentRoot: null,
    indexFile: null,
    backing,
    base,
    copiedFile: list,
  }
  const isCounted = base !== null && copied !== null
  const own = base === null ? await occupied(path) : disk.bytesCopied
  const image = isCounted ? await bytesWritten(ports, path, copied.extents) : own
  if (list === null) return { disk, files: [{ name: file, size }], ownBytes: image }
  const listPath = join(partial.folder, list)
  const files = [
    { name: file, size },
    { name: list, size: (await stat(listPath)).size },
  ]
  return { disk, files, ownBytes: image + (await occupied(listPath)) }
}
