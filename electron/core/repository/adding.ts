import { mkdir, realpath } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import type { DestinationSuggestion } from '../../../shared/domain/destination.ts'
import { DestinationId } from '../../../shared/domain/ids.ts'
import { newId } from '../ids.ts'
import type { Ports } from '../ports/index.ts'
import type { Catalog } from './catalog.ts'
import { destinationErrors, destinationFailure } from './failures.ts'
import { readMarker, writeMarker } from './marker.ts'
import type { Known } from './registry.ts'
import { assertFolder, measureRoom, writeObstacle } from './survey.ts'
import { probeWriting } from './write-probe.ts'

const suggestedFolder = 'Floe Backups'

/** A folder of our own on every mounted drive, and one in the user's folder for those who have no other drive. */
export async function suggestDestinations(ports: Ports, catalog: Catalog): Promise<DestinationSuggestion[]> {
  const volumes = await ports.platform.externalVolumes()
  const taken = new Set(catalog.registry.list().map((known) => known.path))
  const offers = [
    ...volumes.map((volume) => ({ root: volume.path, name: volume.name, external: true })),
    { root: ports.userDir, name: suggestedFolder, external: false },
  ]
  const suggestions = offers.map(async ({ root, name, external }): Promise<DestinationSuggestion> => {
    const room = await measureRoom(root, ports.platform).catch(() => null)
    const warning = room?.fat ? 'Formatted as FAT: it cannot hold files over 4 GB.' : null
    return { path: join(root, suggestedFolder), name, freeBytes: room?.freeBytes ?? null, external, warning }
  })
  return (await Promise.all(suggestions)).filter((suggestion) => !taken.has(suggestion.path))
}

/**
 * Makes a folder a destination, or takes up one that already is: a marker's id is kept, and with it the points.
 * Only a folder that Floe itself suggested is created when it is missing.
 * @throws FloeError `destination/missing`, `/not-a-folder`, `/read-only`, `/no-permission`, `/full`, `/damaged-marker`,
 * `/newer-format`, `/already-added`
 */
export async function addDestination(
  ports: Ports,
  catalog: Catalog,
  path: string,
  wantedName: string | null,
): Promise<DestinationId> {
  const absolute = resolve(path)
  const place = { name: wantedName?.trim() || basename(absolute) || absolute, path: absolute }
  const suggestions = await suggestDestinations(ports, catalog)
  if (suggestions.some((suggestion) => suggestion.path === absolute)) {
    await mkdir(absolute).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw destinationFailure(error, place)
    })
  }
  await assertFolder(place)
  await refuseAddedBefore(catalog, absolute)
  const reading = await readMarker(absolute).catch((error: unknown) => {
    throw destinationFailure(error, place)
  })
  if (reading.kind === 'damaged') throw destinationErrors.damagedMarker(place, reading.reason)
  if (reading.kind === 'newer') throw destinationErrors.newer(place, reading.version)
  if (reading.kind === 'marker') return takeUp(catalog, place.path, wantedName, reading.marker)

  const obstacle = await writeObstacle(place)
  if (obstacle) throw obstacle
  const { canClone } = await probeWriting(place)
  const id = DestinationId.parse(newId(ports))
  try {
    await writeMarker(absolute, { id, name: place.name, createdAt: ports.clock.now().toISOString() })
  } catch (error) {
    throw destinationFailure(error, place)
  }
  await catalog.registry.put({ id, ...place, storage: canClone ? 'clone' : 'chain', lastSeenAt: null })
  return id
}

async function refuseAddedBefore(catalog: Catalog, absolute: string): Promise<void> {
  const real = await realpath(absolute)
  for (const known of catalog.registry.list()) {
    if ((await realpath(known.path).catch(() => known.path)) !== real) continue
    const survey = await catalog.survey(known)
    // A different disk at a known path may be added as a destination of its own.
    if (survey.state.kind !== 'other-disk') throw destinationErrors.alreadyAdded(known)
  }
}

async function takeUp(
  catalog: Catalog,
  path: string,
  wantedName: string | null,
  marker: { readonly id: DestinationId; readonly name: string },
): Promise<DestinationId> {
  const before = catalog.registry.find(marker.id)
  if (before && (await catalog.survey(before)).room !== null) throw destinationErrors.alreadyAdded(before)
  const name = wantedName?.trim() || before?.name || marker.name
  const probe = await probeWriting({ name, path }).catch(() => null)
  const storage: Known['storage'] = probe ? (probe.canClone ? 'clone' : 'chain') : (before?.storage ?? 'chain')
  await catalog.registry.put({ id: marker.id, name, path, storage, lastSeenAt: before?.lastSeenAt ?? null })
  return marker.id
}
