import { constants, type Stats } from 'node:fs'
import { access, readdir, stat, statfs } from 'node:fs/promises'
import type { DestinationState } from '../../../shared/domain/destination.ts'
import { FloeError } from '../errors.ts'
import { volumeNameOf } from '../ports/darwin/locked-volumes.ts'
import type { Platform } from '../ports/index.ts'
import { destinationErrors, destinationFailure, errorCode, isMissing } from './failures.ts'
import { type Marker, readMarker } from './marker.ts'

/** Less room than this holds no restore point. */
const leastRoom = 4 << 20
/** `statfs` type of FAT on Linux (MSDOS_SUPER_MAGIC). */
const fatMagic = 0x4d44

export interface Place {
  readonly name: string
  readonly path: string
}

export interface Room {
  readonly fileSystem: string | null
  readonly fat: boolean
  readonly freeBytes: number
  readonly totalBytes: number
}

/** What is at a destination's path right now, without writing anything. */
export interface Survey {
  readonly state: DestinationState
  readonly marker: Marker | null
  readonly room: Room | null
  /** The error to throw when somebody wants to write; null when writing is possible. */
  readonly obstacle: FloeError | null
}

/** Free and total bytes for a user without privileges, and the kind of file system. */
export async function measureRoom(path: string, platform: Platform): Promise<Room> {
  const size = await statfs(path)
  const fileSystem = await platform.fileSystem(path).then(
    (found) => found.type,
    () => null,
  )
  return {
    fileSystem,
    fat:
      ['vfat', 'msdos', 'fat', 'fat32'].includes(fileSystem ?? '') ||
      (process.platform === 'linux' && size.type === fatMagic),
    freeBytes: size.bavail * size.bsize,
    totalBytes: size.blocks * size.bsize,
  }
}

/** Throws the fitting error unless `path` is a folder that exists. */
export async function assertFolder(place: Place): Promise<void> {
  let found: Stats
  try {
    found = await stat(place.path)
  } catch (error) {
    throw destinationFailure(error, place)
  }
  if (!found.isDirectory()) throw destinationErrors.notAFolder(place)
}

/** Why the folder cannot be written to; null when it can, as far as the system tells without writing. */
export async function writeObstacle(place: Place): Promise<FloeError | null> {
  try {
    await access(place.path, constants.W_OK | constants.X_OK)
    return null
  } catch (error) {
    if (errorCode(error) === 'EROFS') return destinationErrors.readOnly(place, 'It is mounted read-only.', error)
    if (errorCode(error) === 'EPERM') {
      return destinationErrors.readOnly(place, 'The folder is locked against changes.', error)
    }
    return destinationFailure(error, place)
  }
}

/** Is the drive there, but encrypted, and its password not given? */
async function isLocked(place: Place, platform: Platform): Promise<boolean> {
  const volume = volumeNameOf(place.path)
  return volume !== null && (await platform.lockedVolumes().catch((): readonly string[] => [])).includes(volume)
}

/** What is known of a destination whose drive does not answer: a network share that hangs, a disk that fails. */
export function silent(place: Place & { readonly lastSeenAt: string | null }): Survey {
  return {
    state: { kind: 'absent', lastSeenAt: place.lastSeenAt },
    marker: null,
    room: null,
    obstacle: new FloeError('destination/missing', `The destination "${place.name}" (${place.path}) does not answer.`, {
      params: { ...place },
      remedy: 'Check the drive or the network connection to it.',
    }),
  }
}

/** Looks whether the destination `id` is at its path and can be written to. */
export async function surveyDestination(
  place: Place & { readonly id: string; readonly lastSeenAt: string | null },
  platform: Platform,
): Promise<Survey> {
  const nothing = (state: DestinationState, obstacle: FloeError): Survey => ({
    state,
    obstacle,
    marker: null,
    room: null,
  })
  const absent = { kind: 'absent', lastSeenAt: place.lastSeenAt } as const
  try {
    await assertFolder(place)
    const reading = await readMarker(place.path)
    if (reading.kind === 'damaged') {
      return nothing({ kind: 'other-disk' }, destinationErrors.damagedMarker(place, reading.reason))
    }
    if (reading.kind === 'none') {
      // An empty folder is what an unplugged drive leaves behind as its mount point.
      const empty = (await readdir(place.path)).length === 0
      if (empty) return nothing(absent, destinationErrors.missing(place))
      return nothing({ kind: 'other-disk' }, destinationErrors.otherDisk(place))
    }
    const id = reading.kind === 'marker' ? reading.marker.id : reading.id
    if (id !== place.id) return nothing({ kind: 'other-disk' }, destinationErrors.otherDisk(place))
    const room = await measureRoom(place.path, platform)
    if (reading.kind === 'newer') {
      const obstacle = destinationErrors.newer(place, reading.version)
      return { state: { kind: 'read-only', reason: 'It was made by a newer Floe.' }, marker: null, room, obstacle }
    }
    const { marker } = reading
    const obstacle = await writeObstacle(place)
    if (obstacle) {
      const reason = String(obstacle.params.reason ?? 'Your user may not write to it.')
      return { state: { kind: 'read-only', reason }, marker, room, obstacle }
    }
    if (room.freeBytes < leastRoom) {
      return { state: { kind: 'full' }, marker, room, obstacle: destinationErrors.full(place) }
    }
    return { state: { kind: 'connected' }, marker, room, obstacle: null }
  } catch (error) {
    const obstacle = destinationFailure(error, place)
    if (obstacle.code === 'destination/no-permission') return nothing({ kind: 'no-permission' }, obstacle)
    if (isMissing(obstacle.cause) && (await isLocked(place, platform))) {
      return nothing({ kind: 'locked' }, destinationErrors.locked(place))
    }
    if (obstacle.code === 'destination/not-a-folder') return nothing({ kind: 'other-disk' }, obstacle)
    if (!isMissing(obstacle.cause)) return nothing(absent, obstacle)
    return nothing(absent, destinationErrors.missing(place, obstacle.cause))
  }
}
