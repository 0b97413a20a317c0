import type { Destination } from '../../../shared/domain/destination.ts'
import { DestinationId, type JobId, type MachineId, type PointId } from '../../../shared/domain/ids.ts'
import type { Point } from '../../../shared/domain/point.ts'
import { FloeError } from '../errors.ts'
import type { Ports } from '../ports/index.ts'
import type { Topics } from '../topics/topic.ts'
import { newestFirst } from './order.ts'
import { Patience } from './patience.ts'
import type { DestinationRegistry, Known } from './registry.ts'
import type { RememberedPoints } from './remembered.ts'
import { PointScanner, type StoredPoint } from './scan.ts'
import { type Survey, silent, surveyDestination } from './survey.ts'

/** A first search of thousands of points on a slow share. Milliseconds. */
const slowScan = 120_000

/**
 * What is known of all destinations and their points right now: rebuilt by looking, told to the topics. A destination
 * that went away keeps its points here, marked as not available.
 */
export class Catalog {
  readonly registry: DestinationRegistry
  readonly scanner = new PointScanner()
  readonly #ports: Ports
  readonly #topics: Pick<Topics, 'destinations' | 'points'>
  #surveys = new Map<string, Survey>()
  #stored = new Map<string, readonly StoredPoint[]>()
  #glances = new Map<string, string>()
  #byId = new Map<string, StoredPoint>()
  #points: readonly Point[] = []
  #destinations: readonly Destination[] = []
  #checking = new Map<string, JobId>()
  #turn: Promise<void> = Promise.resolve()
  readonly #patience = new Patience()

  readonly #remembered: RememberedPoints

  constructor(
    ports: Ports,
    registry: DestinationRegistry,
    remembered: RememberedPoints,
    topics: Pick<Topics, 'destinations' | 'points'>,
  ) {
    this.#ports = ports
    this.#remembered = remembered
    this.registry = registry
    this.#topics = topics
  }

  destinations(): readonly Destination[] {
    return this.#destinations
  }

  points(machineId: MachineId | null): readonly Point[] {
    return machineId === null ? this.#points : this.#points.filter((point) => point.machineId === machineId)
  }

  /** @throws FloeError `point/unknown` */
  stored(id: PointId): StoredPoint {
    const stored = this.#byId.get(id)
    if (stored) return stored
    throw new FloeError('point/unknown', `There is no restore point with the id "${id}".`, { params: { id } })
  }

  /** @throws FloeError `point/unknown` */
  point(id: PointId): Point {
    return this.#view(this.stored(id))
  }

  /** Null when there is no such point. */
  find(id: PointId): Point | null {
    const stored = this.#byId.get(id)
    return stored ? this.#view(stored) : null
  }

  storedAt(id: DestinationId): readonly StoredPoint[] {
    return this.#stored.get(id) ?? []
  }

  /** @throws FloeError `destination/unknown` */
  known(id: DestinationId): Known {
    const known = this.registry.find(id)
    if (known) return known
    throw new FloeError('destination/unknown', `There is no destination with the id "${id}".`, { params: { id } })
  }

  /** Looks at a destination right now; a drive that does not answer counts as not there after ten seconds. */
  async survey(known: Known): Promise<Survey> {
    return this.#patience.within(
      known.id,
      () => surveyDestination(known, this.#ports.platform),
      () => silent(known),
    )
  }

  markChecking(id: PointId, jobId: JobId | null): void {
    if (jobId === null) this.#checking.delete(id)
    else this.#checking.set(id, jobId)
    this.#publish()
  }

  isChecking(id: PointId): boolean {
    return this.#checking.has(id)
  }

  /** Looks at every destination anew; one look at a time, each caller gets one that began after it asked. */
  refresh(): Promise<void> {
    return this.alone(() => this.#lookAtAll('thorough'))
  }

  /** Runs something that changes the registry while nobody looks. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work)
    this.#turn = turn.then(
      () => {},
      () => {},
    )
    return turn
  }

  /** Resolves when the look that is under way has ended. */
  settled(): Promise<void> {
    return this.#turn
  }

  /**
   * Like `refresh`, but searches a destination only when a folder of a machine changed: cheap enough to be done every
   * few seconds. Changes inside a point's folder are left to the next thorough look.
   */
  glance(): Promise<void> {
    return this.alone(() => this.#lookAtAll('glance'))
  }

  async #lookAtAll(how: 'thorough' | 'glance'): Promise<void> {
    const changes = await Promise.all(this.registry.list().map((known) => this.#lookAt(known, how)))
    const ids = new Set<string>(this.registry.list().map((known) => known.id))
    for (const id of [...this.#surveys.keys(), ...this.#stored.keys()]) {
      if (ids.has(id)) continue
      this.#surveys.delete(id)
      this.#stored.delete(id)
      await this.#remembered.forget(DestinationId.parse(id)).catch(() => {})
    }
    if (how === 'thorough' || changes.includes(true)) this.#publish()
    else this.#publishDestinations()
  }

  /** True when points may have changed. */
  async #lookAt(known: Known, how: 'thorough' | 'glance'): Promise<boolean> {
    const survey = await this.survey(known)
    const seenBefore = this.#surveys.get(known.id)?.room != null
    const seen = survey.room !== null
    this.#surveys.set(known.id, survey)
    if (!seen && !this.#stored.has(known.id)) this.#stored.set(known.id, await this.#remembered.load(known.id))
    let searched = false
    if (seen) {
      try {
        const glance = await this.#patience.within(
          `glance ${known.id}`,
          () => this.scanner.glance(known),
          () => Promise.reject(new Error('The drive does not answer.')),
        )
        searched = how === 'thorough' || glance !== this.#glances.get(known.id)
        if (searched) {
          const found = await this.#patience.within(
            `scan ${known.id}`,
            () => this.scanner.scan(known),
            () => Promise.reject(new Error('The drive does not answer.')),
            slowScan,
          )
          this.#stored.set(known.id, found)
          this.#glances.set(known.id, glance)
          await this.#remembered.save(known.id, found)
        }
      } catch (error) {
        this.#ports.logger.warn('A destination could not be searched for restore points', {
          path: known.path,
          error: String(error),
        })
      }
    }
    if (seen !== seenBefore) {
      await this.registry
        .update(known.id, { lastSeenAt: this.#ports.clock.now().toISOString() })
        .catch((error: unknown) => {
          this.#ports.logger.warn('The time a destination was last seen could not be noted', { error: String(error) })
        })
    }
    return searched || seen !== seenBefore
  }

  #publish(): void {
    const all = newestFirst([...this.#stored.values()].flat())
    this.#byId = new Map()
    for (const stored of all) {
      const other = this.#byId.get(stored.point.id)
      if (!other || (!this.#isSeen(other) && this.#isSeen(stored))) this.#byId.set(stored.point.id, stored)
    }
    this.#points = all
      .filter((stored) => this.#byId.get(stored.point.id) === stored)
      .map((stored) => this.#view(stored))
    this.#topics.points.replaceAll(this.#points)
    this.#publishDestinations()
  }

  #publishDestinations(): void {
    this.#destinations = this.registry.list().map((known) => this.describe(known.id))
    this.#topics.destinations.replaceAll(this.#destinations)
  }

  #isSeen(stored: StoredPoint): boolean {
    return this.#surveys.get(stored.point.destinationId)?.room != null
  }

  #view(stored: StoredPoint): Point {
    const jobId = this.#checking.get(stored.point.id)
    return {
      ...stored.point,
      available: this.#isSeen(stored),
      index: jobId === undefined ? stored.point.index : { kind: 'checking', jobId },
    }
  }

  /** @throws FloeError `destination/unknown` */
  describe(id: DestinationId): Destination {
    const known = this.known(id)
    const survey = this.#surveys.get(known.id)
    const points = this.storedAt(known.id).map((stored) => stored.point)
    const sets = new Map<string, Destination['sets'][number]>()
    for (const point of newestFirst(this.storedAt(known.id)).map((stored) => stored.point)) {
      const set = sets.get(point.machineId)
      sets.set(point.machineId, {
        machineId: point.machineId,
        machineName: set?.machineName || point.machineName,
        pointCount: (set?.pointCount ?? 0) + 1,
        bytes: (set?.bytes ?? 0) + point.bytes,
      })
    }
    return {
      id: known.id,
      name: known.name,
      path: known.path,
      state: survey?.state ?? { kind: 'absent', lastSeenAt: known.lastSeenAt },
      fileSystem: survey?.room?.fileSystem ?? null,
      freeBytes: survey?.room?.freeBytes ?? null,
      totalBytes: survey?.room?.totalBytes ?? null,
      backupBytes: points.reduce((sum, point) => sum + point.bytes, 0),
      pointCount: points.length,
      storage: known.storage,
      sets: [...sets.values()],
    }
  }
}
