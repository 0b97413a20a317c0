import { QmpExecuteError } from '../../../electron/core/qmp/errors.ts'
import type { QmpSession } from '../../../electron/core/qmp/types.ts'
import { setEndMark } from '../../../electron/core/tracking/end-mark.ts'
import type { Destination } from '../../../shared/domain/destination.ts'
import type { MachineId, PointId } from '../../../shared/domain/ids.ts'
import type { Point, PointDisk } from '../../../shared/domain/point.ts'
import type { RawQmp } from '../../support/raw-qmp.ts'
import {
  addPoint,
  diskId,
  factsOf,
  newPoint,
  newPointId,
  type TestRepository,
  testRepository,
} from '../../support/repository.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'
import { tool } from './world.ts'

export const granularity = 65536

/** A repository with points whose dirty bitmaps the test makes by hand. */
export interface TrackedPoints extends AsyncDisposable {
  readonly repository: TestRepository['repository']
  readonly destination: Destination
  bitmap(pointId: PointId): string
  /** Begins to track `disk` for a point. Its size in bytes. */
  begin(
    monitor: RawQmp,
    disk: string,
    pointId: PointId,
    how?: { readonly size?: number | undefined; readonly persistent?: boolean },
  ): Promise<void>
  /** Begins to track `disk` and records a point that says so. The disk's node is `n-<disk>`, which is also its id. */
  track(monitor: RawQmp, machineId: MachineId, disk: string, change?: Partial<PointDisk>): Promise<Point>
  record(machineId: MachineId, disk: string, change: Partial<PointDisk>, pointId?: PointId): Promise<Point>
}

function sessionOn(monitor: RawQmp): QmpSession {
  const execute = async (command: string, args: Record<string, unknown> = {}) => {
    try {
      return await monitor.command(command, args)
    } catch (error) {
      throw new QmpExecuteError(command, 'GenericError', String(error))
    }
  }
  return { execute } as QmpSession
}

export async function trackedPoints(): Promise<TrackedPoints> {
  const home = await testRepository()
  const folder: TempDir = tempDir('fd-')
  const { repository } = home
  const destination = await repository.addDestination(folder.path, 'Backups')
  const bitmap = (pointId: PointId) => `floe-${destination.id}-${pointId}`
  const record: TrackedPoints['record'] = async (machineId, disk, change, pointId = newPointId()) => {
    const point = newPoint({
      id: pointId,
      machineId,
      disks: [{ id: diskId(`n-${disk}`), virtualSize: change.virtualSize ?? 64 << 20 }],
    })
    const disks = factsOf(point).disks.map((facts) => ({ ...facts, bitmap: bitmap(pointId), ...change }))
    return addPoint(repository, destination, { point, facts: { disks } })
  }
  const begin: TrackedPoints['begin'] = async (monitor, disk, pointId, { size = 64 << 20, persistent = true } = {}) => {
    const [node, name] = [`n-${disk}`, bitmap(pointId)]
    await setEndMark(sessionOn(monitor), { node, bitmap: { name, persistent }, size })
    await monitor.command('block-dirty-bitmap-add', { node, name, granularity, persistent })
  }
  return {
    repository,
    destination,
    bitmap,
    record,
    begin,
    track: async (monitor, machineId, disk, change = {}) => {
      const pointId = newPointId()
      await begin(monitor, disk, pointId, { size: change.virtualSize })
      return record(machineId, disk, change, pointId)
    },
    [Symbol.asyncDispose]: async () => {
      await home[Symbol.asyncDispose]()
      folder[Symbol.dispose]()
    },
  }
}

/** Pieces of the granularity that an export's context marks as changed, by number. */
export async function changedPieces(uri: string, bitmap: string | null): Promise<number[]> {
  const text = await tool('nbdinfo', [`--map=qemu:dirty-bitmap:${bitmap}`, '--json', uri])
  const extents = JSON.parse(text) as { offset: number; length: number; type: number }[]
  return extents
    .filter(({ type }) => type !== 0)
    .flatMap(({ offset, length }) =>
      Array.from({ length: Math.ceil(length / granularity) }, (_, index) => offset / granularity + index),
    )
}

interface NodeBitmaps {
  readonly 'node-name'?: string
  readonly 'dirty-bitmaps'?: readonly { readonly name?: string; readonly count: number; readonly recording: boolean }[]
}

/** Every bitmap inside a QEMU but end marks, as `node/name`, with the bytes it marks. */
export async function bitmapsIn(monitor: RawQmp): Promise<Record<string, number>> {
  const nodes = await monitor.command<readonly NodeBitmaps[]>('query-named-block-nodes')
  return Object.fromEntries(
    nodes.flatMap((node) =>
      (node['dirty-bitmaps'] ?? []).flatMap(({ name, count }) =>
        name?.endsWith('-end') ? [] : [[`${node['node-name']}/${name}`, count] as const],
      ),
    ),
  )
}
