import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { PartialPoint } from '../../electron/core/repository/types.ts'
import type { DiskId } from '../../shared/domain/ids.ts'
import type { Point } from '../../shared/domain/point.ts'
import { run } from './run.ts'

type Mapped = { readonly start: number; readonly length: number; readonly depth: number; readonly offset?: number }

/**
 * Flips one bit of a byte of guest data in the file that holds it, of a point or of one that is not recorded yet; once
 * more mends it. Throws when the byte lies in another file.
 */
export async function flipGuestByte(of: Point | PartialPoint, guestOffset: number, disk = 'vda'): Promise<void> {
  const path = 'imagePath' in of ? of.imagePath(disk as DiskId) : join(of.path, `disk-${disk}.qcow2`)
  const map = JSON.parse(await run('qemu-img', 'map', '--output=json', '-f', 'qcow2', path)) as readonly Mapped[]
  const part = map.find(({ start, length }) => start <= guestOffset && guestOffset < start + length)
  if (part?.depth !== 0 || part.offset === undefined) throw new Error('The byte does not lie in this file.')
  const file = openSync(path, 'r+')
  const byte = Buffer.alloc(1)
  const at = part.offset + guestOffset - part.start
  readSync(file, byte, 0, 1, at)
  writeSync(file, Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, at)
  closeSync(file)
}
