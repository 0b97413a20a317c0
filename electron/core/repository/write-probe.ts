import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { copyFile, open, realpath, stat, unlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { FloeError } from '../errors.ts'
import { destinationErrors, destinationFailure, errorCode } from './failures.ts'
import { machinesFolder } from './names.ts'
import type { Place, Room } from './survey.ts'

/** Largest file on FAT12, FAT16 and FAT32 in bytes. */
export const fatLimit = 2 ** 32 - 1

/**
 * Really writes a small file and really clones it: whether a folder takes data, and whether its file system shares
 * blocks between files, is found out by doing it.
 * @throws FloeError `destination/read-only`, `/full`, `/no-permission`, `/missing`
 */
export async function probeWriting(place: Place): Promise<{ readonly canClone: boolean }> {
  const original = join(place.path, `.floe-probe-${randomBytes(6).toString('hex')}`)
  const clone = `${original}-clone`
  try {
    const file = await open(original, 'wx')
    try {
      await file.writeFile(Buffer.alloc(64 << 10, 0xf1))
      await file.sync()
    } finally {
      await file.close()
    }
    const canClone = await copyFile(original, clone, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE).then(
      () => true,
      () => false,
    )
    return { canClone }
  } catch (error) {
    if (errorCode(error) === 'EPERM') {
      throw destinationErrors.readOnly(place, 'The folder is locked against changes.', error)
    }
    throw destinationFailure(error, place)
  } finally {
    await unlink(original).catch(() => {})
    await unlink(clone).catch(() => {})
  }
}

/**
 * @throws FloeError `destination/fat` when one file would be too large for the file system,
 * `destination/no-space-before` when all of them would be
 */
export function assertRoom(place: Place, room: Room, need: { bytes: number; largestFile: number }): void {
  const withTables = need.largestFile * 1.001 + (1 << 20)
  if (room.fat && withTables > fatLimit) {
    throw new FloeError(
      'destination/fat',
      `The destination "${place.name}" is formatted as FAT and cannot hold files over 4 GB. No data was copied.`,
      {
        params: { ...place, largestFile: need.largestFile },
        remedy: 'Use a drive with APFS, HFS+ or exFAT, or ext4 on Linux.',
      },
    )
  }
  if (room.freeBytes >= need.bytes) return
  const say = (bytes: number) => `${(bytes / 1e9).toFixed(2)} GB`
  throw new FloeError(
    'destination/no-space-before',
    `The destination "${place.name}" has too little space: ${say(need.bytes)} are needed, ${say(room.freeBytes)} are free.`,
    {
      params: { ...place, needBytes: need.bytes, freeBytes: room.freeBytes },
      remedy: 'Free some space there, or choose another destination.',
    },
  )
}

async function identityOf(path: string): Promise<string | null> {
  const found = await stat(path).catch(() => null)
  return found ? `${found.dev}:${found.ino}` : null
}

/**
 * Backups beside the image they protect are lost with it. Refused: the folder that holds the image itself, and images
 * that lie inside the destination's own store. Another folder of the same drive is allowed (the caller may warn).
 * @throws FloeError `destination/holds-image`
 */
export async function assertNoImageInside(place: Place, imagePaths: readonly string[]): Promise<void> {
  const destination = await identityOf(place.path)
  const store = join(await realpath(place.path).catch(() => place.path), machinesFolder)
  for (const image of imagePaths) {
    const real = await realpath(image).catch(() => image)
    const folders = await Promise.all([identityOf(dirname(image)), identityOf(dirname(real))])
    const within = relative(store, real)
    const inStore = within !== '' && !within.startsWith('..') && !within.startsWith('/')
    if (!folders.some((folder) => folder !== null && folder === destination) && !inStore) continue
    throw new FloeError(
      'destination/holds-image',
      `The destination "${place.name}" is the folder of the machine's own image "${image}".`,
      { params: { ...place, image }, remedy: 'Choose a folder of its own, best on another drive.' },
    )
  }
}
