// The images that a backup copies into. One that starts from an earlier point is a clone of that point's image where the
// destination's file system can do that, else an overlay of it (docs/storage-format.md, "Clone or chain").
import { constants } from 'node:fs'
import { chmod, copyFile, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Point } from '../../../shared/domain/point.ts'
import { FloeError } from '../errors.ts'
import type { Ports } from '../ports/index.ts'
import { createImage, imageInfo, removeBitmap } from '../qemu-img/index.ts'
import { backingName } from './backing.ts'
import type { Manifest, ManifestDisk } from './manifest.ts'
import { type BegunImage, noteImage, readOwner } from './partials.ts'
import { assertOwnFolder, plainFileSize } from './plain-file.ts'
import type { Known } from './registry.ts'
import { type ImageWish, type PartialPoint, writtenBitmap } from './types.ts'

/** A point that a backup was to start from is gone, damaged, or of another size. `why` is a sentence. */
export function parentLost(why: string, params: FloeError['params'], cause?: unknown): FloeError {
  return new FloeError('backup/parent-lost', `The restore point that this backup starts from cannot be used: ${why}`, {
    params,
    remedy: 'Back up again: Floe then starts from another restore point, or copies everything.',
    cause,
  })
}

interface Parent {
  readonly point: Point
  readonly manifest: Manifest
}

/** The parent's disk. @throws FloeError `backup/parent-lost` */
function diskOf({ point, manifest }: Parent, wish: ImageWish): ManifestDisk {
  const params = { id: point.id, path: point.path, disk: wish.id }
  const disk = manifest.disks.find(({ id }) => id === wish.id)
  if (!disk) throw parentLost(`The restore point of ${point.createdAt} does not have the disk "${wish.id}".`, params)
  if (disk.virtualSize === wish.virtualSize) return disk
  const sizes = `${disk.virtualSize} bytes there and ${wish.virtualSize} bytes now`
  throw parentLost(`The disk "${wish.id}" has ${sizes}.`, params)
}

/** Why the image could not be cloned, as a sentence; null when it was. */
async function clone(ports: Ports, from: string, to: string, size: number): Promise<string | null> {
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE)
    const cloned = await plainFileSize(to)
    if (cloned !== size) throw new Error(`The clone has ${cloned ?? 0} bytes instead of ${size}.`)
    await chmod(to, 0o666 & ~process.umask())
    const { bitmaps } = await imageInfo(to, 'qcow2', { env: ports.env })
    if (bitmaps.some(({ name }) => name === writtenBitmap)) await removeBitmap(to, writtenBitmap, { env: ports.env })
    return null
  } catch (error) {
    await rm(to, { force: true })
    return error instanceof Error ? error.message : String(error)
  }
}

/**
 * Makes the image of one disk in a partial folder, and notes in its owner file how it was begun. May be repeated.
 * `parent` is known to be whole and stays while this runs.
 * @throws FloeError `backup/parent-lost`, `system/*`, or the system's error
 */
export async function makeImage(
  ports: Ports,
  known: Pick<Known, 'storage'>,
  partial: PartialPoint,
  wish: ImageWish,
  parent: Parent | null,
): Promise<BegunImage['kind']> {
  const path = partial.imagePath(wish.id)
  await assertOwnFolder(partial.folder)
  const note = async (kind: BegunImage['kind']) => {
    const owner = await readOwner(partial.folder)
    if (!owner) throw new FloeError('system/unexpected', `The folder "${partial.folder}" has no sound owner.json.`)
    await rm(path, { force: true })
    await noteImage(partial.folder, owner, { id: wish.id, kind, parentId: parent?.point.id ?? null })
  }
  if (parent === null) {
    await note('empty')
    await createImage(path, wish.virtualSize, 'qcow2', { env: ports.env })
    return 'empty'
  }
  const disk = diskOf(parent, wish)
  const { point } = parent
  for (const folder of [dirname(dirname(point.path)), dirname(point.path), point.path]) await assertOwnFolder(folder)
  const source = join(point.path, disk.file)
  if ((await plainFileSize(source)) !== disk.fileSize) {
    throw parentLost(`Its image "${disk.file}" is not whole.`, { id: point.id, path: point.path, disk: wish.id })
  }
  if (known.storage === 'clone') {
    await note('clone')
    const reason = await clone(ports, source, path, disk.fileSize)
    if (reason === null) return 'clone'
    ports.logger.warn('An image could not be cloned; the new one lies over it instead', { image: source, reason })
  }
  if (dirname(point.path) !== dirname(partial.folder)) {
    const where = `It lies in "${basename(dirname(point.path))}", beside the machine's present folder.`
    throw parentLost(where, { id: point.id, path: point.path, disk: wish.id })
  }
  await note('overlay')
  const backingFile = backingName(point.path, disk.file)
  await createImage(path, wish.virtualSize, 'qcow2', { env: ports.env, backingFile })
  return 'overlay'
}
