import { randomFillSync } from 'node:crypto'
import { closeSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs'
import { run } from '../support/run.ts'

const mebibyte = 1 << 20

/**
 * A qcow2 of `sizeGiB` with `dataGiB` allocated in 16 MiB pieces spread over it: one half random bytes, the other
 * repeating text (compressible).
 */
export async function createBenchDisk(path: string, sizeGiB: number, dataGiB: number): Promise<void> {
  const raw = `${path}.raw`
  const file = openSync(raw, 'w')
  ftruncateSync(file, sizeGiB * 1024 * mebibyte)
  const piece = 16 * mebibyte
  const pieces = (dataGiB * 1024 * mebibyte) / piece
  const stride = Math.floor((sizeGiB * 1024 * mebibyte) / pieces / piece) * piece
  const text = Buffer.alloc(piece, 'Floe keeps running machines safe. ')
  const random = Buffer.alloc(piece)
  for (let number = 0; number < pieces; number += 1) {
    if (number % 2 === 0) randomFillSync(random)
    writeSync(file, number % 2 === 0 ? random : text, 0, piece, number * stride)
  }
  closeSync(file)
  await run('qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', raw, path)
  rmSync(raw)
}
