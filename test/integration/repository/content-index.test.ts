import { execFileSync } from 'node:child_process'
import { closeSync, constants, copyFileSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { extentsOf, piecesOf } from '../../../electron/core/extents/extents.ts'
import { convertImage, createImage } from '../../../electron/core/qemu-img/index.ts'
import { computeContentIndex } from '../../../electron/core/repository/content-index/compute.ts'
import {
  chunkLength,
  chunkSize,
  hashSize,
  isZeroHash,
  rootOf,
  sha256,
} from '../../../electron/core/repository/content-index/format.ts'
import { never, noProgress, repositoryPorts } from '../../support/repository.ts'
import { tempDir } from '../../support/temp.ts'
import { volume } from '../../support/volume.ts'

const ports = repositoryPorts()
const size = 6 * chunkSize + 4096
const indexOf = (path: string, format: string) => computeContentIndex(ports, { path, format }, noProgress, never)
const rootOfImage = async (path: string, format: string) => rootOf((await indexOf(path, format)).index)

const writes = fc.array(
  fc.record({
    offset: fc.nat(size - 1),
    length: fc.oneof(fc.integer({ min: 1, max: 4096 }), fc.integer({ min: 1, max: 2 * chunkSize })),
    pattern: fc.nat(3),
  }),
  { maxLength: 6 },
)
type Writes = readonly { offset: number; length: number; pattern: number }[]

function qemuIo(path: string, list: Writes): void {
  const commands = list.flatMap(({ offset, length, pattern }) => [
    '-c',
    `write -P ${pattern} ${offset} ${Math.min(length, size - offset)}`,
  ])
  if (commands.length > 0) execFileSync('qemu-io', ['-f', 'qcow2', ...commands, path], { stdio: 'ignore' })
}

/** The index as its definition says, made from the plain bytes of the disk. */
function byDefinition(raw: Buffer): Uint8Array {
  const hashes = new Uint8Array(Math.ceil(raw.length / chunkSize) * hashSize)
  for (let chunk = 0; chunk * chunkSize < raw.length; chunk += 1) {
    const at = chunk * chunkSize
    const data = raw.subarray(at, at + chunkLength(raw.length, chunk))
    if (data.some((byte) => byte !== 0)) hashes.set(sha256(data), chunk * hashSize)
  }
  return hashes
}

it('raw, qcow2, compressed, chain and the plain definition agree, whatever was written', async () => {
  await fc.assert(
    fc.asyncProperty(writes, writes, async (first, second) => {
      using dir = tempDir()
      const base = dir.file('base')
      await createImage(base, size, 'qcow2')
      qemuIo(base, first)
      const overlay = dir.file('overlay')
      execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', base, '-F', 'qcow2', overlay])
      qemuIo(overlay, second)
      const raw = dir.file('raw')
      await convertImage({ source: { path: overlay, format: 'qcow2' }, target: { path: raw, format: 'raw' } })
      const packed = dir.file('packed')
      execFileSync('qemu-img', ['convert', '-c', '-O', 'qcow2', overlay, packed])
      const full = dir.file('full')
      writeFileSync(full, readFileSync(raw))
      const hashes = byDefinition(readFileSync(raw))
      const expected = rootOf({ virtualSize: size, hashes })
      const { index } = await indexOf(raw, 'raw')
      expect(Buffer.from(index.hashes).equals(hashes)).toBe(true)
      expect(await rootOfImage(overlay, 'qcow2')).toBe(expected)
      expect(await rootOfImage(packed, 'qcow2')).toBe(expected)
      expect(await rootOfImage(full, 'raw')).toBe(expected)
    }),
    { numRuns: 5 },
  )
})

it('a clone has the index of its original, and a change to one is no change to the other', async () => {
  using drive = volume('xfs', 400)
  const original = `${drive.path}/a.qcow2`
  await createImage(original, size, 'qcow2')
  qemuIo(original, [{ offset: 5, length: 2 * chunkSize, pattern: 3 }])
  copyFileSync(original, `${drive.path}/b.qcow2`, constants.COPYFILE_FICLONE_FORCE)
  const root = await rootOfImage(original, 'qcow2')
  expect(await rootOfImage(`${drive.path}/b.qcow2`, 'qcow2')).toBe(root)
  qemuIo(`${drive.path}/b.qcow2`, [{ offset: 100, length: 1, pattern: 1 }])
  expect(await rootOfImage(`${drive.path}/b.qcow2`, 'qcow2')).not.toBe(root)
  expect(await rootOfImage(original, 'qcow2')).toBe(root)
})

it('data that reads as zeroes counts as zeroes, written or not', async () => {
  using dir = tempDir()
  const image = dir.file('a.qcow2')
  await createImage(image, size, 'qcow2')
  qemuIo(image, [
    { offset: 0, length: 3 * chunkSize, pattern: 0 },
    { offset: size - 10, length: 10, pattern: 0 },
  ])
  const { index } = await indexOf(image, 'qcow2')
  expect(statSync(image).size).toBeGreaterThan(2 * chunkSize)
  expect([0, 1, 2, 3, 4, 5, 6].every((chunk) => isZeroHash(index.hashes, chunk))).toBe(true)
  expect(index.virtualSize).toBe(size)
})

it('progress counts the data to read, not the size of the disk', async () => {
  using dir = tempDir()
  const raw = dir.file('raw')
  const file = openSync(raw, 'w')
  writeSync(file, Buffer.alloc(chunkSize, 1), 0, chunkSize, 1000 * chunkSize)
  closeSync(file)
  const told: [number, number][] = []
  await computeContentIndex(ports, { path: raw, format: 'raw' }, (done, total) => told.push([done, total]), never)
  expect(told.at(0)).toEqual([0, chunkSize])
  expect(told.at(-1)).toEqual([chunkSize, chunkSize])
})

it('reading only the chunks that were written makes the same index as reading everything', async () => {
  await fc.assert(
    fc.asyncProperty(writes, writes, async (first, second) => {
      using dir = tempDir()
      const path = dir.file('image')
      await createImage(path, size, 'qcow2')
      qemuIo(path, first)
      const before = await indexOf(path, 'qcow2')
      qemuIo(path, second)
      const written = extentsOf(
        second.map(({ offset, length }) => ({ offset, length: Math.min(length, size - offset) })),
      )
      const chunks = Uint32Array.from(piecesOf(written, chunkSize))
      const part = { chunks, hashes: before.index.hashes }
      let read = 0
      const told = (done: number) => {
        read = done
      }
      const found = await computeContentIndex(ports, { path, format: 'qcow2' }, told, never, 'cached', part)
      expect(rootOf(found.index)).toBe(await rootOfImage(path, 'qcow2'))
      expect(read).toBeLessThanOrEqual(chunks.length * chunkSize)
    }),
    { numRuns: 5 },
  )
})

it('an image of another size than the index it could inherit from is read whole', async () => {
  using dir = tempDir()
  const path = dir.file('image')
  await createImage(path, size, 'qcow2')
  qemuIo(path, [{ offset: chunkSize, length: 4096, pattern: 7 }])
  const part = { chunks: new Uint32Array(0), hashes: new Uint8Array(hashSize) }
  const found = await computeContentIndex(ports, { path, format: 'qcow2' }, noProgress, never, 'cached', part)
  expect(rootOf(found.index)).toBe(await rootOfImage(path, 'qcow2'))
})
