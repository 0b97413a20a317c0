// Destinations and the restore points on them: the only place that writes to a destination. What lies there is plain
// qcow2 and JSON (docs/storage-format.md); the catalog in memory is rebuilt by scanning manifests, there is no database.
import { basename, dirname, join } from 'node:path'
import type { DestinationId, JobId, PointId } from '../../../shared/domain/ids.ts'
import type { Point, Verification } from '../../../shared/domain/point.ts'
import { FloeError } from '../errors.ts'
import type { Ports } from '../ports/index.ts'
import type { Topics } from '../topics/topic.ts'
import { addDestination, suggestDestinations } from './adding.ts'
import { Catalog } from './catalog.ts'
import { finishDeletions } from './deletion.ts'
import { destinationFailure } from './failures.ts'
import { Foundations } from './foundations.ts'
import { createIncrementalStore } from './incremental-store.ts'
import { checkFailure, indexPoint } from './indexing.ts'
import { createKeepingStore } from './keeping-store.ts'
import { beginningPrefix, imageFile, machinesFolder, partialPrefix } from './names.ts'
import { namingNearest } from './nearest-good.ts'
import {
  hiddenFolders,
  makePartial,
  mayBeAlive,
  occupiedBytes,
  partialIn,
  readOwner,
  removePartial,
} from './partials.ts'
import { Pins } from './pins.ts'
import { provePoint } from './proving.ts'
import { notRecorded, recordPoint } from './recording.ts'
import { DestinationRegistry } from './registry.ts'
import { RememberedPoints } from './remembered.ts'
import { judgeByOthers, spreadVerdict } from './spreading-marks.ts'
import type { OpenDestination, PartialPoint, Repository } from './types.ts'
import { compareWithPoint, verifyPoint } from './verifying.ts'
import { assertWhole } from './whole-point.ts'
import { assertNoImageInside, assertRoom, probeWriting } from './write-probe.ts'
import { finishTrimming } from './written.ts'

export interface RepositoryDependencies {
  readonly ports: Ports
  /** `<home>/destinations.json`. */
  readonly registryFile: string
  /** Tells this home's partial points from those of other Floes on the same destination. */
  readonly homeId: string
  readonly topics: Pick<Topics, 'destinations' | 'points'>
}

const lookInterval = 5000
const glancesPerLook = 12

export function createRepository({ ports, registryFile, homeId, topics }: RepositoryDependencies): Repository {
  const catalog = new Catalog(
    ports,
    new DestinationRegistry(registryFile, ports.logger),
    new RememberedPoints(join(dirname(registryFile), 'remembered-points'), ports.logger),
    topics,
  )
  const pins = new Pins()
  const foundations = new Foundations(pins, catalog)
  const writing = new Map<string, DestinationId>()
  let timer: NodeJS.Timeout | null = null

  /** @throws the reason why nothing may be written there now; a full destination may still be cleaned up */
  async function assertWritable(id: DestinationId, whenFull: 'refuse' | 'allow') {
    const known = catalog.known(id)
    const { obstacle, room } = await catalog.survey(known)
    if (obstacle && !(whenFull === 'allow' && obstacle.code === 'destination/full')) throw obstacle
    if (!room) throw destinationFailure(new Error('Its free space is not known.'), known)
    return { known, room }
  }

  const placeOf = (partial: PartialPoint) =>
    catalog.registry.list().find(({ path }) => partial.folder.startsWith(join(path, machinesFolder, '/')))

  /** @throws FloeError `destination/*` */
  async function writableFor(partial: PartialPoint) {
    const known = placeOf(partial)
    if (known) return (await assertWritable(known.id, 'allow')).known
    throw new FloeError('destination/unknown', `"${partial.folder}" lies on no destination that Floe knows.`, {
      params: { path: partial.folder },
    })
  }

  /** @throws FloeError `backup/not-recorded` when the partial point's destination is not there or another one */
  async function destinationOf(partial: PartialPoint) {
    const known = placeOf(partial)
    if (!known) throw notRecorded(partial, 'Its destination was removed from Floe.')
    const owner = await readOwner(partial.folder)
    if (owner && owner.destinationId !== known.id) throw notRecorded(partial, 'Another destination is at its path.')
    await assertWritable(known.id, 'allow').catch((error: unknown) => {
      throw notRecorded(partial, error instanceof Error ? error.message : String(error), error)
    })
    return known
  }

  /** A folder that is not there is gone, unless it is its drive that is away. @throws FloeError `destination/*` */
  async function assertSeen(partial: PartialPoint): Promise<void> {
    const known = placeOf(partial)
    if (known && (await catalog.survey(known)).room !== null) return
    await writableFor(partial)
  }

  function doneWriting(pointId: PointId): void {
    writing.delete(pointId)
    foundations.release(pointId)
  }

  /**
   * What looks like damage may be a drive that was pulled out meanwhile.
   * @throws FloeError `point/unavailable`
   */
  async function assertStillThere(point: Point): Promise<void> {
    const { room, obstacle } = await catalog.survey(catalog.known(point.destinationId))
    if (room !== null) return
    throw new FloeError(
      'point/unavailable',
      `The restore point of ${point.createdAt} lies on a destination that went away while it was read.`,
      { params: { id: point.id, path: point.path }, remedy: 'Connect the destination and try again.', cause: obstacle },
    )
  }

  /** Keeps a verdict, and marks every other point that it concerns. @throws FloeError `point/unavailable` */
  async function spread(point: Point, verdict: Verification, signal = new AbortController().signal) {
    if (!verdict.ok) await assertStillThere(point)
    return spreadVerdict({ ports, point, siblings: () => siblingsOf(point), signal }, verdict)
  }

  const siblingsOf = ({ machineId, destinationId }: Point) =>
    catalog.storedAt(destinationId).filter(({ point }) => point.machineId === machineId)

  /** Holds against a new point what is known of those that it was built on, found also while it was made. */
  async function judge(id: PointId, signal = new AbortController().signal, most?: number): Promise<Point> {
    const point = catalog.point(id)
    const found = await judgeByOthers({ ports, point, siblings: () => siblingsOf(point), signal }, most)
    if (found === null && point.verification?.ok !== false) return point
    await catalog.refresh()
    // Known, even when it could not be written.
    return found === null ? catalog.point(id) : { ...catalog.point(id), verification: found }
  }

  const lookUp = (id: PointId) => catalog.find(id)
  const store = createIncrementalStore({ ports, catalog, pins, foundations, writableFor })
  const keeping = createKeepingStore({ ports, catalog, pins, assertWritable })

  /** Keeps a point, and all those it lies over, from going away. @throws FloeError `point/in-use` */
  function hold(point: Point, which: 'needed' | 'with parents' = 'needed'): Disposable {
    const parents = which === 'needed' ? [] : point.disks.flatMap(({ parentId }) => (parentId ? [parentId] : []))
    const others = [...new Set([...point.needs, ...parents])].map(lookUp)
    const held: Disposable[] = []
    const release = () => {
      for (const pin of held) pin[Symbol.dispose]()
    }
    try {
      for (const needed of [point, ...others]) if (needed) held.push(pins.hold(needed))
    } catch (error) {
      release()
      throw error
    }
    return { [Symbol.dispose]: release }
  }

  return {
    async start() {
      await catalog.registry.load()
      await catalog.refresh()
      let looks = 0
      timer = setInterval(() => {
        looks += 1
        const look = looks % glancesPerLook === 0 ? catalog.refresh() : catalog.glance()
        look.catch((error: unknown) => {
          ports.logger.warn('Looking at the destinations failed', { error: String(error) })
        })
      }, lookInterval)
      timer.unref()
    },
    async stop() {
      if (timer) clearInterval(timer)
      timer = null
      await catalog.settled()
    },
    refresh: () => catalog.refresh(),

    destinations: () => catalog.destinations(),
    destination(id) {
      catalog.known(id)
      return catalog.describe(id)
    },
    suggestDestinations: () => suggestDestinations(ports, catalog),
    async addDestination(path, name) {
      const id = await catalog.alone(() => addDestination(ports, catalog, path, name))
      await catalog.refresh()
      return catalog.describe(id)
    },
    async removeDestination(id) {
      const known = catalog.known(id)
      const busy = [...writing.values()].includes(id) || catalog.storedAt(id).some(({ point }) => pins.has(point.id))
      if (busy) {
        throw new FloeError('destination/in-use', `The destination "${known.name}" is being used by a job.`, {
          params: { name: known.name, path: known.path },
          remedy: 'Wait for the job to end, or cancel it.',
        })
      }
      await catalog.registry.remove(id)
      await catalog.refresh()
    },
    obstacle: async (id) => (await catalog.survey(catalog.known(id))).obstacle,
    async open(id, need): Promise<OpenDestination> {
      const { known, room } = await assertWritable(id, 'refuse')
      await assertNoImageInside(known, need.imagePaths)
      assertRoom(known, room, need)
      const storage = (await probeWriting(known)).canClone ? 'clone' : 'chain'
      if (storage !== known.storage) await catalog.registry.update(id, { storage })
      return { id, name: known.name, path: known.path, freeBytes: room.freeBytes }
    },

    async beginPoint(destination, point) {
      const { known } = await assertWritable(destination.id, 'refuse')
      try {
        foundations.begin(point)
        const partial = await makePartial(known, homeId, point)
        // The drive may have been changed for another between the look and the write.
        await assertWritable(destination.id, 'allow').catch(async (error: unknown) => {
          await removePartial(partial.folder, homeId)
          throw error
        })
        writing.set(point.id, destination.id)
        return partial
      } catch (error) {
        foundations.release(point.id)
        throw destinationFailure(error, known)
      }
    },
    async findPartial(destinationId, pointId) {
      const known = catalog.known(destinationId)
      if ((await catalog.survey(known)).room === null) return null
      for (const folder of await hiddenFolders(known.path, `${partialPrefix}${pointId}`)) {
        const owner = await readOwner(folder)
        if (owner?.homeId !== homeId) continue
        writing.set(pointId, destinationId)
        foundations.takeUp(owner)
        const images = owner.images.map(({ id }) => ({ id, file: imageFile(id) }))
        await finishTrimming(ports, folder, images).catch((error: unknown) => {
          ports.logger.warn('An image that was being recorded could not be trimmed', { folder, error: String(error) })
        })
        return partialIn(folder, pointId)
      }
      return null
    },
    async discard(partial) {
      try {
        if (!(await removePartial(partial.folder, homeId))) await assertSeen(partial)
      } finally {
        doneWriting(partial.pointId)
      }
    },
    async record(partial, facts) {
      const known = await destinationOf(partial)
      await catalog.refresh()
      const siblings = catalog.storedAt(known.id).filter(({ point }) => dirname(point.path) === dirname(partial.folder))
      await recordPoint(ports, partial, facts, {
        storage: known.storage,
        sequence: siblings.reduce((highest, { sequence }) => Math.max(highest, sequence), 0) + 1,
        recordedAt: ports.clock.now().toISOString(),
      })
      doneWriting(partial.pointId)
      await catalog.refresh()
      return judge(partial.pointId, undefined, 0)
    },
    judge: (id) => judge(id, undefined, 0),
    async sweepPartials(alive) {
      let removed = 0
      let bytes = 0
      for (const known of catalog.registry.list()) {
        const { obstacle } = await catalog.survey(known)
        if (obstacle && obstacle.code !== 'destination/full') continue
        bytes += await finishDeletions(known.path, ports)
        for (const prefix of [partialPrefix, beginningPrefix]) {
          for (const folder of await hiddenFolders(known.path, prefix)) {
            const owner = await readOwner(folder)
            if (owner?.homeId !== homeId || alive.has(owner.jobId) || (await mayBeAlive(owner, folder))) continue
            const size = await occupiedBytes(folder)
            if (!(await removePartial(folder, homeId))) continue
            removed += 1
            bytes += size
            doneWriting(owner.point.id)
            ports.logger.info('Removed an unfinished restore point', { folder: basename(folder), bytes: size })
          }
        }
      }
      return { removed, bytes }
    },

    points: (machineId) => catalog.points(machineId),
    point: (id) => catalog.point(id),
    async assertReadable(id) {
      const point = catalog.point(id)
      await assertWhole(ports, point, lookUp).catch(async (error: unknown) => {
        await assertStillThere(point)
        throw namingNearest(error, point, catalog.points(point.machineId))
      })
      return catalog.point(id)
    },
    markChecking: (id: PointId, jobId: JobId | null) => catalog.markChecking(id, jobId),
    async computeIndex(id, onProgress, signal) {
      using _pin = hold(catalog.point(id), 'with parents')
      try {
        const point = catalog.point(id)
        await assertWritable(point.destinationId, 'allow')
        await indexPoint(ports, point, lookUp, onProgress, signal, spread)
        const { verification } = await judge(id, signal)
        if (verification?.ok === false) throw checkFailure(point, verification.damage)
      } catch (error) {
        await assertStillThere(catalog.point(id))
        throw error
      } finally {
        await catalog.refresh()
      }
      return catalog.point(id)
    },
    async verify(id, level, onProgress, signal, pace) {
      using _pin = hold(catalog.point(id))
      const point = catalog.point(id)
      const verdict = await verifyPoint(ports, point, level, onProgress, signal, lookUp, pace)
      try {
        return await spread(point, verdict, signal)
      } finally {
        await catalog.refresh()
      }
    },
    async compareImage(pointId, diskId, path, format, onProgress, signal) {
      using _pin = hold(catalog.point(pointId))
      return compareWithPoint(ports, catalog.point(pointId), diskId, { path, format }, onProgress, signal)
    },
    deletePoint: (id) => keeping.deletePoints([id]),
    pinWhileReading: (id) => hold(catalog.point(id)),

    ...store,
    ...keeping,
    async prove(id, onProgress, signal) {
      using _pin = hold(catalog.point(id))
      const point = catalog.point(id)
      await assertWritable(point.destinationId, 'allow')
      try {
        const stillThere = () => assertStillThere(point)
        // Not ended by a check that is skipped: what it found counts for the others too.
        const toOthers = (verdict: Verification) => spread(point, verdict)
        return await provePoint(ports, point, onProgress, signal, stillThere, lookUp, toOthers)
      } finally {
        await catalog.refresh()
      }
    },
  }
}
