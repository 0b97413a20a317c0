// What can be known of the points that damage may reach: who started from whom, by their manifests, and whether the
// bytes in question are sound there after all, by reading just those from the drive and comparing them with the point's
// own content index.
import { basename, join } from 'node:path'
import type { Extents } from '../extents/extents.ts'
import { extentsOf, intersection, piecesOf } from '../extents/extents.ts'
import { NbdClient } from '../nbd/client.ts'
import { NbdServerError } from '../nbd/errors.ts'
import { serveImage } from '../nbd/server.ts'
import type { Ports } from '../ports/index.ts'
import { chunkLength, chunkSize, hashSize, isZeroHash, sha256 } from './content-index/format.ts'
import type { ManifestDisk } from './manifest.ts'
import { imageFileDamage, loadCopied, loadIndex, loadManifest } from './point-files.ts'
import type { StoredPoint } from './scan.ts'
import type { DiskImage } from './spreading.ts'
import { foreignPart } from './standing-alone.ts'

/** A disk image, and where it is read. */
export interface KnownImage extends DiskImage {
  readonly path: string
  readonly disk: ManifestDisk
}

/** Reading more than this of each point would be a check of its own. Bytes. */
export const mostRead = 256 << 20

/** All disk images of these points; one whose manifest cannot be read is left out, and counts as unknown below others. */
export async function knownImages(ports: Ports, points: readonly StoredPoint[]): Promise<readonly KnownImage[]> {
  const images: KnownImage[] = []
  for (const { point, sequence } of points) {
    const loaded = await loadManifest(point).catch((error: unknown) => {
      ports.logger.warn('A restore point is left out of what damage may reach', {
        point: point.id,
        error: String(error),
      })
      return null
    })
    for (const disk of loaded?.manifest.disks ?? []) {
      const parentId = disk.base?.pointId ?? disk.backing?.pointId ?? null
      const list = disk.copiedFile === null ? null : await loadCopied(point.path, disk, disk.copiedFile)
      images.push({
        pointId: point.id,
        createdAt: point.createdAt,
        folder: basename(point.path),
        file: disk.file,
        diskId: disk.id,
        virtualSize: disk.virtualSize,
        sequence,
        parentId,
        backingId: disk.backing?.pointId ?? null,
        copied: list?.kind === 'extents' ? list.extents : null,
        path: point.path,
        disk,
      })
    }
  }
  return images
}

/**
 * Those of `ranges` that lie in chunks which are not as the point's content index says, read from the drive now. What
 * cannot be read or compared counts as damaged. Rejects when it is told to stop: that says nothing about the point.
 */
export async function stillDamaged(
  ports: Ports,
  image: KnownImage,
  ranges: Extents,
  signal: AbortSignal,
  most = mostRead,
): Promise<Extents> {
  const chunks = [...piecesOf(ranges, chunkSize)]
  if (image.disk.contentRoot === null || chunks.length * chunkSize > most) return ranges
  const loaded = await loadIndex(image.path, image.disk)
  if (loaded.kind === 'damage') return ranges
  const { hashes, virtualSize } = loaded.index
  const file = { path: join(image.path, image.disk.file), format: image.disk.format }
  try {
    const tools = { env: ports.env, signal }
    // An image that is not what its manifest says would show the bytes of some other file.
    if (await imageFileDamage(image.path, image.disk)) return ranges
    if (await foreignPart(image.path, image.disk, tools)) return ranges
    await using server = await serveImage(file, { ...tools, reading: 'from-drive' })
    const client = await NbdClient.connect(server.socketPath)
    try {
      if (client.size !== virtualSize) return ranges
      const bad: { offset: number; length: number }[] = []
      for (const chunk of chunks) {
        signal.throwIfAborted()
        const length = chunkLength(virtualSize, chunk)
        const expected = hashes.subarray(chunk * hashSize, (chunk + 1) * hashSize)
        const wanted = isZeroHash(hashes, chunk) ? sha256(new Uint8Array(length)) : expected
        const found = await hashOf(client, chunk * chunkSize, length)
        if (found === null || !found.equals(wanted)) bad.push({ offset: chunk * chunkSize, length })
      }
      signal.throwIfAborted()
      return intersection(ranges, extentsOf(bad))
    } finally {
      client.close()
    }
  } catch (error) {
    signal.throwIfAborted()
    ports.logger.warn('A restore point that damage may reach could not be read', {
      point: image.pointId,
      error: String(error),
    })
    return ranges
  }
}

/** SHA-256 of a chunk; null when it cannot be read. */
async function hashOf(client: NbdClient, offset: number, length: number): Promise<Buffer | null> {
  const bytes = Buffer.allocUnsafeSlow(length)
  try {
    await client.read(offset, bytes)
  } catch (error) {
    if (error instanceof NbdServerError) return null
    throw error
  }
  return sha256(bytes)
}
