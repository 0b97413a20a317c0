// What a backup wrote into the image of a disk. QEMU marked it in a dirty bitmap that is stored in the image itself
// (types.ts `writtenBitmap`), so that image and marks are closed together; here they part.
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { DiskId } from '../../../shared/domain/ids.ts'
import { type Extent, type Extents, extentsOf, intersection } from '../extents/extents.ts'
import { readImageBitmap } from '../nbd/bitmap.ts'
import { NbdClient } from '../nbd/client.ts'
import { serveImage } from '../nbd/server.ts'
import type { Ports } from '../ports/index.ts'
import { type ImageInfo, imageInfo, imageOptions, removeBitmap, runTool } from '../qemu-img/index.ts'
import { type Copied, decodeCopied, encodeCopied } from './copied-file.ts'
import { writeDurably } from './durable-file.ts'
import { isMissing } from './failures.ts'
import { copiedFile } from './names.ts'
import { plainFileSize, readPlainBytes } from './plain-file.ts'
import { writtenBitmap } from './types.ts'

/** Block status is asked for in steps of this many bytes (its length field has 32 bits). */
const statusStep = 2 ** 31

/**
 * What is not zero in an image; `within`: only there, asked for in large steps from its first byte to its last.
 * @throws FloeError `system/*`, NbdConnectionError, NbdServerError
 */
export async function dataExtents(ports: Pick<Ports, 'env'>, path: string, within: Extents | null = null) {
  const [first, last] = [within?.at(0), within?.at(-1)]
  if (within !== null && (!first || !last)) return within
  await using server = await serveImage({ path, format: 'qcow2' }, { env: ports.env })
  const client = await NbdClient.connect(server.socketPath)
  try {
    const end = last ? last.offset + last.length : client.size
    const asked = within ?? [{ offset: 0, length: end }]
    if (!client.knowsZeroes) return asked
    const found: Extent[] = []
    for (let offset = first?.offset ?? 0; offset < end; ) {
      const runs = await client.blockStatus(offset, Math.min(statusStep, end - offset))
      if (runs.length === 0) throw new Error('The NBD server told nothing about a part of the image.')
      for (const { length, zero } of runs) {
        if (!zero) found.push({ offset, length })
        offset += length
      }
    }
    return intersection(asked, extentsOf(found))
  } finally {
    client.close()
  }
}

/** The list that an earlier attempt at recording left; null when there is none that can be trusted. */
async function listed(path: string, virtualSize: number): Promise<Copied | null> {
  const bytes = await readPlainBytes(path).catch((error: unknown) => {
    if (isMissing(error)) return null
    throw error
  })
  const reading = bytes === null ? null : decodeCopied(bytes)
  return reading?.kind === 'sound' && reading.copied.virtualSize === virtualSize ? reading.copied : null
}

/**
 * Moves what the backup wrote from the image's bitmap into `disk-<id>.copied`. The file is on the disk before the bitmap
 * goes, so that this may be done again after a crash at any step. Null when nobody knows: an image that started from
 * another and has no bitmap that can be read.
 * @throws FloeError `system/*`, NbdConnectionError, the system's error
 */
export async function keepWritten(
  ports: Pick<Ports, 'env'>,
  folder: string,
  disk: { readonly id: DiskId; readonly image: string; readonly startedEmpty: boolean },
  info: Pick<ImageInfo, 'virtualSize' | 'bitmaps'>,
): Promise<Copied | null> {
  const path = join(folder, disk.image)
  const list = join(folder, copiedFile(disk.id))
  const { virtualSize, bitmaps } = info
  const bitmap = bitmaps.find(({ name }) => name === writtenBitmap)
  let copied = await listed(list, virtualSize)
  if (copied === null) {
    if (bitmap && !bitmap.inUse) {
      const extents = await readImageBitmap(path, writtenBitmap, { env: ports.env })
      copied = { virtualSize, granularity: bitmap.granularity, extents }
    } else if (disk.startedEmpty) copied = { virtualSize, granularity: 0, extents: await dataExtents(ports, path) }
    if (copied !== null) await writeDurably(list, encodeCopied(copied))
  }
  if (bitmap) await removeBitmap(path, writtenBitmap, { env: ports.env })
  if (copied !== null) await trimImage(ports, path)
  return copied
}

/**
 * Cuts off what an image's tables do not mention any more: where the bitmap was. A later clone of it would otherwise
 * look as if data at its end had been lost.
 * @throws FloeError `system/*`, the system's error
 */
export async function trimImage(ports: Pick<Ports, 'env'>, path: string): Promise<void> {
  const image = `json:${JSON.stringify({ ...imageOptions(path, 'qcow2'), backing: null })}`
  const args = ['check', '--output=json', image]
  const accepted = [0, 2, 3]
  const { stdout, exitCode } = await runTool('qemu-img', `check "${path}"`, args, { env: ports.env, accepted })
  const end = Number((JSON.parse(stdout) as { 'image-end-offset'?: number })['image-end-offset'] ?? 0)
  if (exitCode !== 0 || end === 0 || (await stat(path)).size <= end) return
  const file = await open(path, 'r+')
  try {
    await file.truncate(end)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Ends what a crash cut short after the bitmap was removed. @throws FloeError `system/*`, the system's error */
export async function finishTrimming(
  ports: Pick<Ports, 'env'>,
  folder: string,
  images: readonly { readonly id: DiskId; readonly file: string }[],
): Promise<void> {
  for (const { id, file } of images) {
    const path = join(folder, file)
    if ((await plainFileSize(join(folder, copiedFile(id)))) === null || (await plainFileSize(path)) === null) continue
    const { bitmaps } = await imageInfo(path, 'qcow2', { env: ports.env })
    if (bitmaps.length === 0) await trimImage(ports, path)
  }
}
