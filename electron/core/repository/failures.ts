import { FloeError } from '../errors.ts'

interface Place {
  readonly name: string
  readonly path: string
}

export function errorCode(error: unknown): string {
  return (error as NodeJS.ErrnoException | null)?.code ?? ''
}

/** Only the reasons that mean "there is nothing at this path". */
export function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ENODEV', 'ENXIO', 'ESTALE'].includes(errorCode(error))
}

export const destinationErrors = {
  missing: (place: Place, cause?: unknown) =>
    new FloeError('destination/missing', `The destination "${place.name}" (${place.path}) is not there.`, {
      params: { ...place },
      remedy: 'Connect the drive, or choose another destination.',
      cause,
    }),
  locked: (place: Place) =>
    new FloeError('destination/locked', `The drive of the destination "${place.name}" (${place.path}) is locked.`, {
      params: { ...place },
      remedy: 'Unlock it in Finder.',
    }),
  notAFolder: (place: Place) =>
    new FloeError('destination/not-a-folder', `"${place.path}" is not a folder.`, {
      params: { ...place },
      remedy: 'Choose a folder.',
    }),
  readOnly: (place: Place, reason: string, cause?: unknown) =>
    new FloeError('destination/read-only', `The destination "${place.name}" (${place.path}) is read-only: ${reason}`, {
      params: { ...place, reason },
      remedy: 'Make it writable, or choose another destination.',
      cause,
    }),
  /** On a Mac, EPERM is its protection of privacy; anything else is the folder's own permissions (ux.md 3.3, D6). */
  noPermission: (place: Place, cause?: unknown, platform: NodeJS.Platform = process.platform) => {
    const privacy = platform === 'darwin' && errorCode(cause) === 'EPERM'
    const who = privacy ? 'macOS' : 'The system'
    return new FloeError('destination/no-permission', `${who} does not let Floe use "${place.path}".`, {
      params: { ...place, privacy },
      remedy: privacy
        ? 'Allow "Removable Volumes" for Floe in System Settings, Privacy & Security.'
        : 'Give your user permission to read and write the folder.',
      cause,
    })
  },
  full: (place: Place, cause?: unknown) =>
    new FloeError('destination/full', `The destination "${place.name}" (${place.path}) is full.`, {
      params: { ...place },
      remedy: 'Free some space, or choose another destination.',
      cause,
    }),
  otherDisk: (place: Place) =>
    new FloeError(
      'destination/other-disk',
      `"${place.path}" is not the destination "${place.name}" that was used before. Nothing was written to it.`,
      { params: { ...place }, remedy: `Connect "${place.name}", or add this folder as another destination.` },
    ),
  newer: (place: Place, version: number) =>
    new FloeError(
      'destination/newer-format',
      `The destination "${place.path}" was made by a newer Floe (format ${version}). Nothing was written to it.`,
      { params: { ...place, version }, remedy: 'Update Floe.' },
    ),
  damagedMarker: (place: Place, reason: string) =>
    new FloeError(
      'destination/damaged-marker',
      `The file floe-destination.json in "${place.path}" cannot be trusted. ${reason} Nothing was written.`,
      {
        params: { ...place, reason },
        remedy: 'Check the drive. To use the folder as a new destination, move that file away first.',
      },
    ),
  alreadyAdded: (place: Place) =>
    new FloeError('destination/already-added', `"${place.path}" is already the destination "${place.name}".`, {
      params: { ...place },
    }),
}

/** What a failing system call on a destination means to a person. */
export function destinationFailure(error: unknown, place: Place): FloeError {
  if (error instanceof FloeError) return error
  const code = errorCode(error)
  if (code === 'ENOSPC' || code === 'EDQUOT') return destinationErrors.full(place, error)
  if (code === 'EROFS') return destinationErrors.readOnly(place, 'It is mounted read-only.', error)
  if (code === 'EACCES' || code === 'EPERM') return destinationErrors.noPermission(place, error)
  if (isMissing(error)) return destinationErrors.missing(place, error)
  const text = (error instanceof Error ? error.message : String(error)).replace(/[.\s]+$/, '')
  return new FloeError('destination/failed', `The destination "${place.name}" reported an error: ${text}.`, {
    params: { ...place },
    remedy: 'The drive or its cable may be failing: check them before you try again.',
    cause: error,
  })
}
