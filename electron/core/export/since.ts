// What changed since a restore point, for the readers of an export. The dirty bitmap that the point's manifest names
// goes on recording and belongs to backups; readers get a copy of it, on the node they read, frozen at the instant.
import type { Disk } from '../../../shared/domain/disk.ts'
import type { DiskId, MachineId, PointId } from '../../../shared/domain/ids.ts'
import type { Point, PointDisk } from '../../../shared/domain/point.ts'
import { FloeError } from '../errors.ts'
import type { Command } from '../instant/commands.ts'
import type { QmpSession } from '../qmp/types.ts'
import { chooseBasis } from '../tracking/basis.ts'
import { type BitmapPlace, borrowBitmap } from '../tracking/commands.ts'
import { readTracking } from '../tracking/reading.ts'
import type { DiskTracking } from '../tracking/types.ts'
import { sinceBitmap } from './naming.ts'

/** The restore points that are known. */
export interface KnownPoints {
  /** @throws FloeError `point/unknown` */
  point(id: PointId): Point
  points(machineId: MachineId): readonly Point[]
}

export interface Since {
  /** Of the copies: on every disk the same. */
  readonly name: string
  /** The bitmaps that hold every change since the point, on the disks' own nodes. */
  readonly disks: ReadonlyMap<DiskId, BitmapPlace>
  /** Asked once the instant is there: a disk that was cut in between has lost marks. @throws FloeError `export/not-tracked` */
  readonly assertHolds: (session: QmpSession) => Promise<void>
}

interface SinceQuestion {
  readonly machine: { readonly id: MachineId; readonly name: string }
  readonly pointId: PointId
  readonly known: KnownPoints
  readonly disks: readonly Disk[]
}

/**
 * Are all changes of all these disks since the point known? Touches nothing.
 * @throws FloeError `export/not-tracked` naming the disk and why, `point/unknown`
 */
export async function readSince(session: QmpSession, question: SinceQuestion): Promise<Since> {
  const { machine, pointId, known, disks } = question
  const point = known.point(pointId)
  if (point.machineId !== machine.id) throw ofAnother(machine.name, point)
  const tracking = await readTracking(session, disks)
  const found = new Map<DiskId, BitmapPlace>()
  for (const disk of disks) {
    const tracked = tracking.get(disk.id)
    const answer = tracked ? changesOf(disk, tracked, point, known) : 'QEMU does not tell about its changes.'
    if (typeof answer === 'string') throw notTracked(machine.name, disk.id, point, answer)
    found.set(disk.id, answer)
  }
  const assertHolds = async (again: QmpSession) => {
    await readSince(again, question)
  }
  return { name: sinceBitmap(pointId), disks: found, assertHolds }
}

/** The bitmap, or why there is none that holds everything: a clause that ends the sentence. */
function changesOf(disk: Disk, tracking: DiskTracking, point: Point, known: KnownPoints): BitmapPlace | string {
  const then = point.disks.find(({ id }) => id === disk.id)
  if (!then) return 'that restore point does not hold it.'
  const resized = known
    .points(point.machineId)
    .filter(({ createdAt }) => createdAt >= point.createdAt)
    .some(({ disks }) => disks.some(({ id, virtualSize }) => id === disk.id && virtualSize !== disk.virtualSize))
  if (resized || then.virtualSize !== disk.virtualSize) return 'its size changed.'
  const choice = chooseBasis({
    disk: { id: disk.id, name: disk.id, virtualSize: disk.virtualSize },
    tracking,
    parents: [{ pointId: point.id, createdAt: point.createdAt, disks: [{ ...then, hasIndex: false }] }],
    wished: 'automatic',
    noComparison: null,
  })
  return choice.basis === 'bitmap' && disk.node !== null
    ? { node: disk.node, name: choice.bitmap }
    : whyNot(then, tracking)
}

function whyNot(then: PointDisk, tracking: DiskTracking): string {
  if (then.bitmap === null) return 'its changes were not tracked from that restore point on.'
  const bitmap = tracking.bitmaps.find(({ name }) => name === then.bitmap)
  if (!bitmap) {
    return tracking.keeps === 'persistent'
      ? 'the record of its changes is gone: a newer backup to the same destination took its place, or the image was replaced.'
      : 'the record of its changes is gone: its image keeps none when the machine stops.'
  }
  if (bitmap.inconsistent) return 'QEMU ended without storing the record of its changes.'
  if (!bitmap.recording) return 'the record of its changes was switched off meanwhile.'
  if (bitmap.busy) return 'something else in QEMU is using the record of its changes.'
  if (then.witness !== tracking.witness) return 'a backing file below it may have changed.'
  return 'it may have been made smaller and larger again.'
}

const remedy =
  'The newest restore point of each destination is the one that is tracked. Choose that one, or make a backup first.'

function notTracked(machine: string, disk: string, { id, createdAt }: Point, why: string): FloeError {
  return new FloeError(
    'export/not-tracked',
    `What changed on the disk ${disk} of ${machine} since the restore point ${id} is not known: ${why}`,
    { params: { machine, disk, pointId: id, createdAt }, remedy },
  )
}

function ofAnother(machine: string, { id, machineName }: Point): FloeError {
  return new FloeError(
    'export/not-tracked',
    `The restore point ${id} is one of ${machineName}, not of the machine ${machine} that is exported.`,
    { params: { machine, pointId: id }, remedy },
  )
}

/** A node that is served, and the disk it shows. */
interface Reader {
  readonly id: DiskId
  readonly node: string
}

/** Copies each disk's bitmap onto the node that is read, all at once; the copies record nothing and go with their nodes. */
export function freezeCommand({ name, disks }: Since, readers: readonly Reader[]): Command {
  const actions = readers.flatMap(({ id, node }) => {
    const from = disks.get(id)
    return from ? borrowBitmap({ from, to: { node, name } }) : []
  })
  return { execute: 'transaction', arguments: { actions } }
}
