// Deleting points. First those that stay are made independent of those that go (merging.ts), then the folders go, each
// renamed first: a deletion that is cut short leaves no half a point in the list, and `finishDeletions` ends it later.
import { lstat, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { PointId } from '../../../shared/domain/ids.ts'
import type { Point } from '../../../shared/domain/point.ts'
import { FloeError } from '../errors.ts'
import type { Ports } from '../ports/index.ts'
import { backingPlace, readLinks } from './backing.ts'
import { deletionCost, type ReadPoint } from './deletion-cost.ts'
import { syncFolder } from './durable-file.ts'
import { errorCode } from './failures.ts'
import { readManifest } from './manifest.ts'
import { type PlannedPoint, planMerges } from './merge-plan.ts'
import { type MergeWork, measureMerge, mergePoint, settleMerge } from './merging.ts'
import {
  beginningPrefix,
  deletingPrefix,
  isHiddenFolder,
  machineOfFolder,
  machinesFolder,
  mergeFile,
  partialPrefix,
  pointOfFolder,
} from './names.ts'
import { hiddenFolders, occupiedBytes, parentsOf, readOwner } from './partials.ts'
import { assertOwnFolder, foldersIn } from './plain-file.ts'
import type { StoredPoint } from './scan.ts'
import type { Room } from './survey.ts'
import { assertRoom } from './write-probe.ts'

export interface Deletion {
  readonly ports: Pick<Ports, 'env' | 'logger'>
  readonly destination: { readonly name: string; readonly path: string }
  readonly room: Room
  /** All points of one machine on the destination. */
  readonly stored: readonly StoredPoint[]
  readonly removed: ReadonlySet<PointId>
  readonly signal: AbortSignal
  /** Asked when all is ready for the removal; what it throws ends the deletion, and every point stays. */
  readonly beforeRemoval?: () => Promise<void>
  /** Told before each step; from `remove` on, nothing stops it any more. */
  readonly step?: (name: string) => void
}

const idOf = ({ point }: StoredPoint) => point.id

/** Points with the folders and manifests of those that can be read. */
export async function readPoints(stored: readonly StoredPoint[]): Promise<ReadonlyMap<PointId, ReadPoint>> {
  const found = new Map<PointId, ReadPoint>()
  for (const { point } of stored) {
    const reading = await readManifest(point.path).catch(() => null)
    if (reading?.kind === 'sound' && reading.manifest.id === point.id) {
      found.set(point.id, { folder: point.path, manifest: reading.manifest })
    }
  }
  return found
}

/** Points that stay, and whose folders are written to when `removed` go. @throws FloeError `point/merge-failed` */
export async function pointsTouched(
  stored: readonly StoredPoint[],
  removed: ReadonlySet<PointId>,
): Promise<readonly PointId[]> {
  return planMerges(manifestsOf(await readPoints(stored)), removed).map(({ id }) => id)
}

const manifestsOf = (points: ReadonlyMap<PointId, ReadPoint>) =>
  new Map([...points].map(([id, { manifest }]) => [id, manifest]))

/**
 * Deletes points of one machine on one destination. Answers the bytes that were freed: what the files occupied, less what
 * moved into others; where points are clones of each other, what the model says.
 * @throws FloeError `point/in-use`, `point/merge-failed`, `point/delete-failed`, `destination/no-space-before`,
 * `destination/fat`, `system/*`; up to the step `remove` nothing was deleted
 */
export async function deletePoints(deletion: Deletion): Promise<number> {
  const { ports, stored, removed, signal, step = () => {} } = deletion
  const doomed = stored.filter((candidate) => removed.has(idOf(candidate)))
  for (const { point } of stored) {
    const settled = await settleMerge(point.path, ports).catch((error: unknown) => {
      if (removed.has(point.id)) return true
      throw notSettled(point, error)
    })
    if (!settled) throw inUse(point, 'Another Floe is changing it.')
  }
  const points = await readPoints(stored)
  const planned = planMerges(manifestsOf(points), removed)
  await assertNobodyElse(deletion, points)
  const { freedBytes, inherits } = await deletionCost(points, removed)
  const work: MergeWork = { ports, signal, points, step }
  await assertSpace(deletion, work, planned)
  const touched = planned.map(({ id }) => points.get(id)?.folder ?? '')
  const before = await occupiedTogether(touched)
  for (const each of planned) {
    signal.throwIfAborted()
    await mergePoint(work, each, inherits.get(each.id) ?? 0).catch((error: unknown) => {
      // On a destination without a byte left, deleting is the way out: where no image needs another, it goes on.
      const isOnlyNoted = each.disks.every(({ merged }) => merged.length === 0)
      if (!isOnlyNoted || errorCode(error) !== 'ENOSPC') throw mergeFailure(stored, each, error, signal)
      ports.logger.warn('A restore point could not be told that its parent goes', { id: each.id, error: String(error) })
    })
  }
  const grown = (await occupiedTogether(touched)) - before
  await deletion.beforeRemoval?.()
  await assertNobodyElse(deletion, points)
  await assertNothingLeans(doomed, removed)
  signal.throwIfAborted()
  step('remove')
  const gone = await removeFolders(doomed, step)
  const shares = [...points.values()].some(({ manifest }) =>
    manifest.disks.some(({ base }) => base !== null && (removed.has(manifest.id) || removed.has(base.pointId))),
  )
  return shares ? freedBytes : Math.max(0, gone - grown)
}

function inUse(point: Pick<Point, 'id' | 'createdAt'>, why: string): FloeError {
  return new FloeError('point/in-use', `The restore point of ${point.createdAt} cannot be changed now. ${why}`, {
    params: { id: point.id },
    remedy: 'Wait until that is done, then try again.',
  })
}

function notSettled(point: Pick<Point, 'id' | 'createdAt'>, error: unknown): FloeError {
  return new FloeError(
    'point/merge-failed',
    `A move of data into the restore point of ${point.createdAt} was cut short, and cannot be ended: ${(error as Error).message}`,
    { params: { id: point.id }, remedy: 'Verify that point; if it is damaged, delete it first.', cause: error },
  )
}

/** What was built is wrong, or could not be built: said as such; the reasons of the system and the disk stay theirs. */
function mergeFailure(stored: readonly StoredPoint[], { id }: PlannedPoint, error: unknown, signal: AbortSignal) {
  if (signal.aborted) return error
  const point = stored.find((candidate) => idOf(candidate) === id)?.point
  return new FloeError(
    'point/merge-failed',
    `The data that the restore point of ${point?.createdAt ?? id} needs could not be moved into it: ${(error as Error).message}`,
    { params: { id }, remedy: 'Nothing was deleted. Check the destination and try again.', cause: error },
  )
}

async function occupiedTogether(folders: readonly string[]): Promise<number> {
  let bytes = 0
  for (const folder of folders) bytes += await occupiedBytes(folder)
  return bytes
}

/**
 * What only others know of: points that another Floe is writing, and points that this one cannot read, with images over
 * those that are to go.
 * @throws FloeError `point/in-use`
 */
async function assertNobodyElse({ destination, stored, removed }: Deletion, points: ReadonlyMap<PointId, ReadPoint>) {
  for (const prefix of [partialPrefix, beginningPrefix]) {
    for (const folder of await hiddenFolders(destination.path, prefix)) {
      const owner = await readOwner(folder)
      const id =
        (owner ? parentsOf(owner) : []).find((parent) => removed.has(parent)) ?? (await leansOn(folder, removed))
      const point = stored.find((candidate) => idOf(candidate) === id)?.point
      if (point) throw inUse(point, 'A backup that has not ended starts from it.')
    }
  }
  for (const { point } of stored) {
    if (points.has(point.id) || removed.has(point.id)) continue
    const id = await leansOn(point.path, removed)
    const below = stored.find((candidate) => idOf(candidate) === id)?.point
    if (!below) continue
    throw new FloeError(
      'point/in-use',
      `The restore point of ${below.createdAt} is needed by that of ${point.createdAt}, which this Floe cannot read.`,
      { params: { id: below.id, dependent: point.id }, remedy: 'Delete that one first, or update Floe.' },
    )
  }
}

/**
 * The last look before anything goes, by the drive alone: no image in any other folder beside the points, whosever it is
 * and whatever is known of it, lies over one of theirs.
 * @throws FloeError `point/in-use`
 */
async function assertNothingLeans(doomed: readonly StoredPoint[], removed: ReadonlySet<PointId>): Promise<void> {
  const going = new Set(doomed.map(({ point }) => point.path))
  for (const machine of new Set([...going].map((path) => dirname(path)))) {
    for (const name of await foldersIn(machine)) {
      const folder = join(machine, name)
      if (going.has(folder) || (isHiddenFolder(name) && name.startsWith(deletingPrefix))) continue
      const id = await leansOn(folder, removed)
      const point = doomed.find((candidate) => idOf(candidate) === id)?.point
      if (point) throw inUse(point, `An image in "${name}" needs it.`)
    }
  }
}

/** The first of the points that an image in the folder lies over, by its own header. */
async function leansOn(folder: string, removed: ReadonlySet<PointId>): Promise<PointId | null> {
  for (const name of await readdir(folder).catch((): string[] => [])) {
    if (!name.endsWith('.qcow2')) continue
    const links = await readLinks(join(folder, name)).catch(() => null)
    const place = links?.backingFile ? backingPlace(folder, links.backingFile) : null
    if (place && removed.has(place.pointId)) return place.pointId
  }
  return null
}

/** @throws FloeError `destination/no-space-before`, `destination/fat`, `point/merge-failed` */
async function assertSpace({ destination, room, stored }: Deletion, work: MergeWork, planned: readonly PlannedPoint[]) {
  let [kept, most, largestFile] = [0, 0, 0]
  for (const each of planned) {
    const need = await measureMerge(work, each).catch((error: unknown) => {
      throw mergeFailure(stored, each, error, work.signal)
    })
    most = Math.max(most, kept + need.atOnce)
    kept += need.kept
    largestFile = Math.max(largestFile, need.largestFile)
  }
  if (most > 0) assertRoom(destination, room, { bytes: most, largestFile })
}

/** Those that lie over others go first: whatever is left after a crash is whole. Bytes that they occupied. */
async function removeFolders(doomed: readonly StoredPoint[], step: (name: string) => void): Promise<number> {
  const folders: string[] = []
  let bytes = 0
  for (const { point } of [...doomed].sort((a, b) => b.sequence - a.sequence)) {
    try {
      for (const folder of [dirname(dirname(point.path)), dirname(point.path), point.path])
        await assertOwnFolder(folder)
      bytes += await occupiedBytes(point.path)
      const folder = join(dirname(point.path), `${deletingPrefix}${point.id}`)
      step(`hide ${point.id}`)
      await rename(point.path, folder)
      await syncFolder(dirname(folder))
      folders.push(folder)
    } catch (error) {
      throw deleteFailed(point, error)
    }
  }
  for (const folder of folders) {
    step('clear')
    await rm(folder, { recursive: true, force: true }).catch((error: unknown) => {
      throw deleteFailed(doomed[0]?.point as Point, error)
    })
  }
  for (const parent of new Set(folders.map(dirname))) await syncFolder(parent)
  return bytes
}

function deleteFailed(point: Point, error: unknown): FloeError {
  return new FloeError(
    'point/delete-failed',
    `The restore point "${basename(point.path)}" could not be deleted: ${(error as Error).message}`,
    { params: { id: point.id, path: point.path }, remedy: 'Check the destination and try again.', cause: error },
  )
}

/** Ends deletions and merges that a crash cut short, by whichever Floe. Answers the bytes that were freed. */
export async function finishDeletions(destination: string, ports: Pick<Ports, 'logger'>): Promise<number> {
  let bytes = 0
  const root = join(destination, machinesFolder)
  for (const machine of await foldersIn(root).catch(() => [])) {
    if (machineOfFolder(machine) === null) continue
    for (const name of await foldersIn(join(root, machine)).catch(() => [])) {
      const folder = join(root, machine, name)
      if (pointOfFolder(name) === null || !(await hasMerge(folder))) continue
      await settleMerge(folder, ports).catch((error: unknown) => {
        ports.logger.warn('A merge that was cut short could not be settled', { folder, error: String(error) })
      })
    }
  }
  for (const folder of await hiddenFolders(destination, deletingPrefix)) {
    bytes += await occupiedBytes(folder).catch(() => 0)
    await rm(folder, { recursive: true, force: true })
  }
  return bytes
}

async function hasMerge(folder: string): Promise<boolean> {
  return lstat(join(folder, mergeFile)).then(
    () => true,
    () => false,
  )
}
