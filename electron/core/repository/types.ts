import type { Destination, DestinationSuggestion } from '../../../shared/domain/destination.ts'
import type { DestinationId, DiskId, JobId, MachineId, PointId } from '../../../shared/domain/ids.ts'
import type { Damage, Point, PointDisk, Verification } from '../../../shared/domain/point.ts'
import type { FloeError } from '../errors.ts'
import type { Extents } from '../extents/extents.ts'
import type { ContentIndex } from './content-index/format.ts'
import type { Pace } from './content-index/pace.ts'

/** A destination that was found, recognised by its marker, and may be written to right now. */
export interface OpenDestination {
  readonly id: DestinationId
  readonly name: string
  readonly path: string
  readonly freeBytes: number
}

/** What a backup knows of the point it is writing. */
export interface NewPoint {
  readonly id: PointId
  readonly machineId: MachineId
  readonly machineName: string
  readonly kind: Point['kind']
  readonly parentId: PointId | null
  readonly jobId: JobId
  /** `parentId`: the point whose image the disk's starts from; that point stays while this one is written. */
  readonly disks: readonly { id: DiskId; virtualSize: number; parentId?: PointId | null }[]
}

/** A point being written: a `.partial-...` folder that only this Floe may remove. */
export interface PartialPoint {
  readonly pointId: PointId
  /** Absolute path of the partial folder. */
  readonly folder: string
  /** Absolute path of a disk's target image in it; the file does not exist yet. */
  imagePath(diskId: DiskId): string
}

/** Everything the manifest says beyond the files themselves. */
export interface PointFacts {
  readonly createdAt: string
  readonly consistency: Point['consistency']
  readonly consistencyReason: string | null
  readonly qemuVersion: string | null
  readonly startCommand: string | null
  readonly way: Point['way']
  readonly freeze: Point['freeze']
  readonly pausedMs: Point['pausedMs']
  readonly kindReason: string
  readonly disks: readonly Omit<PointDisk, 'file' | 'format' | 'fileSize' | 'contentRoot'>[]
}

export type ReadProgress = (doneBytes: number, totalBytes: number, diskId: DiskId) => void

/** A good restore point on the destination that the next one may start from. */
export interface ParentPoint {
  readonly pointId: PointId
  readonly createdAt: string
  readonly disks: readonly ParentDisk[]
}

export interface ParentDisk {
  readonly id: DiskId
  readonly virtualSize: number
  /** The bitmap that holds every change since this point. */
  readonly bitmap: string | null
  readonly witness: string | null
  /** Its content index is there, so an instant can be compared with it. */
  readonly hasIndex: boolean
  /** Where the guest's image was; missing or null when nobody knows. */
  readonly sourcePath?: string | null
}

/** A disk's image in a point being written. */
export interface ImageWish {
  readonly id: DiskId
  /** Bytes. */
  readonly virtualSize: number
  /** The point whose content the image starts with; null: empty. */
  readonly parentId: PointId | null
}

/** The name of the bitmap in a new image that records what the backup wrote there; gone once the point is recorded. */
export const writtenBitmap = 'floe-written'

/** What incrementals need of the repository. */
export interface IncrementalStore {
  /**
   * Points of the machine there that a new one may start from, newest first: readable, there right now, and not known to
   * be damaged.
   */
  parents(machineId: MachineId, destinationId: DestinationId): readonly ParentPoint[]
  /**
   * Makes the image a disk is copied into. With a parent: a clone of its image where the destination can clone, else an
   * overlay with a relative backing file. QEMU opens either with `backing: null` (qemu.md 4.1). Records nothing yet.
   * @throws FloeError `backup/parent-lost`, `destination/*`, `system/*`
   */
  makeImage(partial: PartialPoint, disk: ImageWish): Promise<void>
  /** A disk's content index in a point. @throws FloeError `point/no-index`, `point/damaged`, `point/*` */
  contentIndex(pointId: PointId, diskId: DiskId): Promise<ContentIndex>
  /** What the backup of this point wrote into a disk's image; null when nobody knows. @throws FloeError `point/*` */
  copied(pointId: PointId, diskId: DiskId): Promise<Extents | null>
  /** Keeps what an instant held, until the point is recorded and compared with it. */
  keepInstant(partial: PartialPoint, diskId: DiskId, index: ContentIndex): Promise<void>
  /**
   * Reads a recorded point whole and compares it with what `keepInstant` kept; the verdict (level `live`) stays with the
   * point. Null when no instant was kept.
   */
  prove(id: PointId, onProgress: ReadProgress, signal: AbortSignal): Promise<Verification | null>
}

/** Which points stay: pins, and deletion with what depends on it. */
export interface KeepingStore {
  /**
   * Durable, and seen by everybody who uses the destination.
   * @throws FloeError `point/unknown`, `point/in-use` while it is being deleted, `destination/*`
   */
  setPinned(id: PointId, pinned: boolean): Promise<Point>
  /** What deleting these points together frees, and what has to be written again for those that stay. Bytes. */
  deletionCost(ids: readonly PointId[]): Promise<{ readonly freedBytes: number; readonly movedBytes: number }>
  /**
   * Deletes points together. Data that others need moves into them first, beside what is there (docs/storage-format.md).
   * Aborting ends it as long as nothing was deleted; `onStep` is told `remove` when that is over. `assertStill` is asked
   * right before, with the points as they are by then: what it throws keeps the points it was asked about.
   * @throws FloeError `point/in-use`, `point/newer-format`, `point/merge-failed`, `point/delete-failed`, `destination/*`
   */
  deletePoints(
    ids: readonly PointId[],
    options?: {
      readonly signal?: AbortSignal
      readonly onStep?: (name: string) => void
      readonly assertStill?: (ids: readonly PointId[]) => void
    },
  ): Promise<{ readonly freedBytes: number }>
}

/** Destinations and the restore points on them. The only writer of what lies in a destination. */
export interface Repository extends IncrementalStore, KeepingStore {
  /** Loads known destinations and scans them; then looks again when told or every few seconds while watched. */
  start(): Promise<void>
  stop(): Promise<void>
  refresh(): Promise<void>

  destinations(): readonly Destination[]
  /** @throws FloeError `destination/unknown` */
  destination(id: DestinationId): Destination
  suggestDestinations(): Promise<readonly DestinationSuggestion[]>
  addDestination(path: string, name: string | null): Promise<Destination>
  removeDestination(id: DestinationId): Promise<void>
  /** What keeps Floe from writing there right now, looked at without writing; null when nothing does. */
  obstacle(id: DestinationId): Promise<FloeError | null>
  /**
   * Checks that the place is the one meant and can take `neededBytes` with files up to `largestFile`.
   * @throws FloeError `destination/missing`, `/other-disk`, `/read-only`, `/fat`, `/full`, `/no-space-before`, `/holds-image`, ...
   */
  open(
    id: DestinationId,
    need: { bytes: number; largestFile: number; imagePaths: readonly string[] },
  ): Promise<OpenDestination>

  beginPoint(destination: OpenDestination, point: NewPoint): Promise<PartialPoint>
  /** Finds again a partial folder that this Floe began, after a restart; null when it is gone. */
  findPartial(destinationId: DestinationId, pointId: PointId): Promise<PartialPoint | null>
  /** Removes a partial point. Idempotent. */
  discard(partial: PartialPoint): Promise<void>
  /** fsync of the images, manifest last (temp + fsync + rename + fsync of the folder), then the folder's final name. */
  record(partial: PartialPoint, facts: PointFacts): Promise<Point>
  /**
   * A recorded point with what is to be held against it: damage of those that it was built on, found also while it was
   * made. Reads none of its data. @throws FloeError `point/unknown`
   */
  judge(id: PointId): Promise<Point>
  /** Partial folders of this home that no job in `alive` owns. Removes them and says how many bytes. */
  sweepPartials(alive: ReadonlySet<JobId>): Promise<{ removed: number; bytes: number }>

  points(machineId: MachineId | null): readonly Point[]
  /** @throws FloeError `point/unknown` */
  point(id: PointId): Point
  /** Reads the manifest again and checks that every file is there with its size. @throws `point/*` */
  assertReadable(id: PointId): Promise<Point>
  /** Marks a point as being checked by a job (null: not any more). */
  markChecking(id: PointId, jobId: JobId | null): void
  /** Computes the content index in a worker, writes it beside the images and its roots into the manifest. */
  computeIndex(id: PointId, onProgress: ReadProgress, signal: AbortSignal): Promise<Point>
  /**
   * Checks a point and remembers the verdict beside it; damage marks every other point that holds or needs the damaged
   * bytes (`foundIn`). With `pace`, it gives way to others.
   */
  verify(
    id: PointId,
    level: Verification['level'],
    onProgress: ReadProgress,
    signal: AbortSignal,
    pace?: Pace | null,
  ): Promise<Verification>
  /** Content of an image (any format) against the point's index; empty when identical. Used by restore before it swaps. */
  compareImage(
    pointId: PointId,
    diskId: DiskId,
    imagePath: string,
    format: 'qcow2' | 'raw',
    onProgress: (doneBytes: number) => void,
    signal: AbortSignal,
  ): Promise<readonly Damage[]>
  deletePoint(id: PointId): Promise<{ freedBytes: number }>
  /** Keeps a point from being deleted or pruned while it is read (restore, verify). */
  pinWhileReading(id: PointId): Disposable
}
