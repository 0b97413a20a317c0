// What incremental backups need of the points on a destination: which ones a new point may start from, the images it
// copies into, and what earlier ones held and wrote. Whatever a backup builds upon stays until its point is recorded.
import { join } from 'node:path'
import type { PointId } from '../../../shared/domain/ids.ts'
import type { Point } from '../../../shared/domain/point.ts'
import { FloeError } from '../errors.ts'
import type { Ports } from '../ports/index.ts'
import type { Catalog } from './catalog.ts'
import { encodeIndex } from './content-index/format.ts'
import { writeDurably } from './durable-file.ts'
import { destinationFailure } from './failures.ts'
import type { Foundations } from './foundations.ts'
import { makeImage, parentLost } from './making-images.ts'
import { instantFile } from './names.ts'
import type { Pins } from './pins.ts'
import { loadCopied, loadIndex, loadManifest } from './point-files.ts'
import type { Known } from './registry.ts'
import type { IncrementalStore, ParentPoint, PartialPoint } from './types.ts'
import { assertWhole } from './whole-point.ts'

interface Parts {
  readonly ports: Ports
  readonly catalog: Catalog
  readonly pins: Pins
  readonly foundations: Foundations
  /** The destination of a partial point, looked at right now. @throws FloeError `destination/*` */
  readonly writableFor: (partial: PartialPoint) => Promise<Known>
}

const damaged = (point: Point, text: string, disk: string) =>
  new FloeError('point/damaged', `The restore point of ${point.createdAt} is damaged. ${text}`, {
    params: { id: point.id, path: point.path, disk },
    remedy: 'Use another restore point.',
  })

export function createIncrementalStore(parts: Parts): Omit<IncrementalStore, 'prove'> {
  const { ports, catalog, pins, foundations, writableFor } = parts
  const isGood = (point: Point) => point.unreadable === null && point.available && point.verification?.ok !== false
  const lookUp = (id: PointId) => catalog.find(id)
  /** What turned out unusable while Floe runs: "point disk" without its index, and points that no image can start from. */
  const withoutIndex = new Set<string>()
  const lost = new Set<PointId>()
  /** One image of a partial point is begun at a time: each is noted in the same owner file. */
  const turns = new Map<string, Promise<void>>()

  async function diskOf(pointId: PointId, diskId: string) {
    const point = catalog.point(pointId)
    const { manifest } = await loadManifest(point)
    return { point, disk: manifest.disks.find(({ id }) => id === diskId) ?? null }
  }

  /** The point whole, and held for the partial one. @throws FloeError `backup/parent-lost`, `system/*` */
  async function parentFor(partial: PartialPoint, id: PointId) {
    try {
      const point = catalog.point(id)
      foundations.hold(partial.pointId, point)
      // What speaks against it must not be what was read a while ago.
      const manifest = await assertWhole(ports, point, lookUp, 'known').catch(() => assertWhole(ports, point, lookUp))
      return { point, manifest }
    } catch (error) {
      const isAboutPoint = error instanceof FloeError && error.code.startsWith('point/')
      if (isAboutPoint && error.code !== 'point/unavailable' && error.code !== 'point/in-use') lost.add(id)
      throw isAboutPoint ? parentLost(error.message, error.params, error) : error
    }
  }

  return {
    parents(machineId, destinationId) {
      const usable = catalog.points(machineId).filter((point) => {
        const below = point.needs.map(lookUp)
        const isThere =
          point.destinationId === destinationId && isGood(point) && !pins.isSeized(point.id) && !lost.has(point.id)
        return isThere && below.every((needed) => needed !== null && isGood(needed) && !pins.isSeized(needed.id))
      })
      return usable.map(
        ({ id, createdAt, disks }): ParentPoint => ({
          pointId: id,
          createdAt,
          disks: disks.map((disk) => ({
            id: disk.id,
            virtualSize: disk.virtualSize,
            bitmap: disk.bitmap,
            witness: disk.witness,
            sourcePath: disk.sourcePath,
            hasIndex: disk.contentRoot !== null && !withoutIndex.has(`${id} ${disk.id}`),
          })),
        }),
      )
    },
    async makeImage(partial, wish) {
      const known = await writableFor(partial)
      const parent = wish.parentId === null ? null : await parentFor(partial, wish.parentId)
      const turn = (turns.get(partial.folder) ?? Promise.resolve()).then(() =>
        makeImage(ports, known, partial, wish, parent),
      )
      const ended = turn.then(
        () => {},
        () => {},
      )
      turns.set(partial.folder, ended)
      try {
        await turn
      } catch (error) {
        throw destinationFailure(error, known)
      } finally {
        if (turns.get(partial.folder) === ended) turns.delete(partial.folder)
      }
    },
    async contentIndex(pointId, diskId) {
      const { point, disk } = await diskOf(pointId, diskId)
      if (disk === null || disk.contentRoot === null) {
        throw new FloeError(
          'point/no-index',
          `The restore point of ${point.createdAt} has no content index of the disk "${diskId}".`,
          { params: { id: pointId, path: point.path, disk: diskId }, remedy: 'Use another restore point.' },
        )
      }
      const loaded = await loadIndex(point.path, disk)
      if (loaded.kind === 'damage') {
        withoutIndex.add(`${pointId} ${diskId}`)
        throw damaged(point, loaded.damage.text, diskId)
      }
      return loaded.index
    },
    async copied(pointId, diskId) {
      const { point, disk } = await diskOf(pointId, diskId)
      if (disk === null || disk.copiedFile === null) return null
      const loaded = await loadCopied(point.path, disk, disk.copiedFile)
      if (loaded.kind === 'damage') throw damaged(point, loaded.damage.text, diskId)
      return loaded.extents
    },
    async keepInstant(partial, diskId, index) {
      const known = await writableFor(partial)
      try {
        await writeDurably(join(partial.folder, instantFile(diskId)), encodeIndex(index))
      } catch (error) {
        throw destinationFailure(error, known)
      }
    },
  }
}
