import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { type PartialPoint, type Repository, writtenBitmap } from '../../electron/core/repository/types.ts'
import type { Destination } from '../../shared/domain/destination.ts'
import type { MachineId, PointId } from '../../shared/domain/ids.ts'
import type { Point } from '../../shared/domain/point.ts'
import { diskId, factsOf, newPoint } from './repository.ts'
import { type TempDir, tempDir } from './temp.ts'

/**
 * A stretch of the disk that the guest wrote: random bytes, or zeroes. Whole clusters of 64 KiB, as QEMU's bitmaps mark.
 * `apart`: the file system gets to see it before the next one, so that they do not become one extent.
 */
export interface Write {
  readonly offset: number
  readonly length: number
  readonly zero?: boolean
  readonly apart?: boolean
}

/** A disk as the guest sees it at some instant, as a raw image. */
export class TestDisk implements Disposable {
  readonly id = diskId('vda')
  readonly virtualSize: number
  readonly path: string
  readonly #dir: TempDir

  constructor(virtualSize: number) {
    this.virtualSize = virtualSize
    this.#dir = tempDir('fd-')
    this.path = this.#dir.file('disk.raw')
    writeFileSync(this.path, '')
    truncateSync(this.path, virtualSize)
  }

  write(writes: readonly Write[]): void {
    const file = openSync(this.path, 'r+')
    for (const { offset, length, zero } of writes) {
      writeSync(file, zero ? Buffer.alloc(length) : randomBytes(length), 0, length, offset)
    }
    closeSync(file)
  }

  /** The disk as it is now, kept. */
  keep(name: string): string {
    const copy = this.#dir.file(name)
    execFileSync('cp', ['--sparse=always', this.path, copy])
    return copy
  }

  [Symbol.dispose](): void {
    this.#dir[Symbol.dispose]()
  }
}

/**
 * Copies stretches of the disk into a made image as QEMU's job does: without its backing file, in whole clusters, marked
 * in the bitmap that travels with the image.
 */
export function copyInto(image: string, disk: TestDisk, writes: readonly Write[]): void {
  execFileSync('qemu-img', ['bitmap', '--add', '-g', '65536', image, writtenBitmap])
  const target = `json:${JSON.stringify({ driver: 'qcow2', backing: null, file: { driver: 'file', filename: image } })}`
  const commands = writes.flatMap(({ offset, length, zero, apart }) => {
    if (zero) return ['-c', `write -z ${offset} ${length}`]
    const bytes = tempDir('fb-')
    const piece = bytes.file('piece')
    execFileSync('dd', [
      `if=${disk.path}`,
      `of=${piece}`,
      'bs=65536',
      `skip=${offset / 65536}`,
      `count=${Math.ceil(length / 65536)}`,
      'status=none',
    ])
    pieces.push(bytes)
    return ['-c', `write -s ${piece} ${offset} ${length}`, ...(apart ? ['-c', 'flush'] : [])]
  })
  execFileSync('qemu-io', ['-t', 'writeback', ...commands, target], { stdio: ['ignore', 'ignore', 'inherit'] })
  for (const piece of pieces.splice(0)) piece[Symbol.dispose]()
}

const pieces: TempDir[] = []

/** A point that is being written, its images made and filled, not recorded. */
export async function beginIncremental(
  repository: Repository,
  destination: Destination,
  disk: TestDisk,
  wish: { readonly machineId: MachineId; readonly parentId: PointId | null; readonly writes: readonly Write[] },
) {
  const { id, virtualSize } = disk
  const { machineId, parentId, writes } = wish
  const kind = parentId === null ? 'full' : 'incremental'
  const point = newPoint({ machineId, kind, parentId, disks: [{ id, virtualSize, parentId }] })
  const open = await repository.open(destination.id, { bytes: 1 << 20, largestFile: 1 << 20, imagePaths: [] })
  const partial: PartialPoint = await repository.beginPoint(open, point)
  await repository.makeImage(partial, { id, virtualSize, parentId })
  copyInto(partial.imagePath(id), disk, writes)
  const facts = factsOf(point)
  const basis = parentId === null ? ('all' as const) : ('bitmap' as const)
  const disks = facts.disks.map((fact) => ({ ...fact, basis, parentId }))
  return { partial, facts: { ...facts, disks } }
}

/** A recorded point that holds the disk as it is now, given what was written since the parent. */
export async function addIncremental(...args: Parameters<typeof beginIncremental>): Promise<Point> {
  const { partial, facts } = await beginIncremental(...args)
  return args[0].record(partial, facts)
}
