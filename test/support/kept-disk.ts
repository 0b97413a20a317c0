import { expect } from 'vitest'
import type { Job } from '../../shared/domain/job.ts'
import type { Point } from '../../shared/domain/point.ts'
import type { BackupWorld } from './backup-world.ts'
import { difference, type TestQemu } from './qemu.ts'
import { run } from './run.ts'
import { type TempDir, tempDir } from './temp.ts'

/** Remembers what disks hold now, to hold restore points against it later. */
export class KeptDisks implements Disposable {
  readonly #dir: TempDir = tempDir('fk-')
  #count = 0

  /** `path` with its backing files, of a machine whose guest writes nothing meanwhile. A file name for `expectDisk`. */
  async keep(qemu: TestQemu, id: string, path: string, format: 'qcow2' | 'raw' = 'qcow2'): Promise<string> {
    await qemu.flush(id)
    const kept = this.#dir.file(`${this.#count}.raw`)
    this.#count += 1
    await run('qemu-img', 'convert', '-U', '-f', format, '-O', 'raw', path, kept)
    return kept
  }

  [Symbol.dispose](): void {
    this.#dir[Symbol.dispose]()
  }
}

/** Fails unless the point's image of this disk is what was kept, byte for byte. */
export async function expectDisk(world: BackupWorld, point: Point, id: string, kept: string): Promise<void> {
  expect(await difference(kept, world.image(point, id), { a: 'raw', b: 'qcow2' })).toBeNull()
}

/** What a point says of one of its disks. */
export function diskOf(point: Point, id: string): Point['disks'][number] {
  const found = point.disks.find((disk) => [id, `n-${id}`].includes(disk.id))
  if (!found) throw new Error(`No disk ${id} among ${point.disks.map((disk) => disk.id)}`)
  return found
}

/** Runs a backup to its end and holds the point against what its disks held. */
export async function exactPoint(
  world: BackupWorld,
  backup: Promise<Job>,
  kept: Readonly<Record<string, string>>,
): Promise<Point> {
  const point = world.pointOf(await backup)
  expect(point.disks).toHaveLength(Object.keys(kept).length)
  for (const [id, file] of Object.entries(kept)) await expectDisk(world, point, id, file)
  return point
}

/** Bytes at the end of a disk that each incremental by bitmap copies, changed or not. */
export const endPiece = 64 << 10

export interface BitmapSeen {
  readonly name: string
  readonly count: number
  readonly recording: boolean
  readonly inconsistent: boolean
}

/** The named bitmaps on a disk's own node. */
export async function bitmapsOf(qemu: TestQemu, id: string): Promise<readonly BitmapSeen[]> {
  type Bitmap = { name?: string; count: number; recording: boolean; inconsistent?: boolean }
  type Node = { 'node-name': string; 'dirty-bitmaps'?: Bitmap[] }
  const nodes = await qemu.monitor.command<Node[]>('query-named-block-nodes', { flat: true })
  const own = nodes.find((node) => node['node-name'] === `n-${id}`)
  const all = (own?.['dirty-bitmaps'] ?? []).flatMap(({ name, count, recording, inconsistent = false }) =>
    name === undefined ? [] : [{ name, count, recording, inconsistent }],
  )
  const [ends, bitmaps] = [true, false].map((isEnd) => all.filter(({ name }) => name.endsWith('-end') === isEnd))
  const ours = (bitmaps ?? []).flatMap(({ name }) => (/^floe-.{12}-/.test(name) ? `${name}-end` : []))
  expect((ends ?? []).map(({ name }) => name).sort()).toEqual(ours.sort())
  return bitmaps ?? []
}
