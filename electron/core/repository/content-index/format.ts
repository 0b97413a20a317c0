// The content index: what an image holds at the guest's level, whatever its format (docs/storage-format.md). Used in the
// worker too, so it needs nothing but Node.
import { createHash } from 'node:crypto'
import type { Extent, Extents } from '../../extents/extents.ts'

/** Bytes of guest data under one hash. */
export const chunkSize = 1 << 20
export const hashSize = 32

const magic = 'FLOEIDX\n'
const version = 1
const headerSize = 64

/** Hashes of all chunks in order; a chunk of zeroes (or a hole) has 32 zero bytes instead of a hash. */
export interface ContentIndex {
  /** Bytes of the disk. */
  readonly virtualSize: number
  /** `chunkCount(virtualSize) * hashSize` bytes. */
  readonly hashes: Uint8Array
}

export type IndexReading =
  | { readonly kind: 'sound'; readonly index: ContentIndex; readonly root: string }
  | { readonly kind: 'newer'; readonly version: number }
  | { readonly kind: 'broken'; readonly reason: string }

export function chunkCount(virtualSize: number): number {
  return Math.ceil(virtualSize / chunkSize)
}

/** Length of a chunk in bytes: the last one may be shorter. */
export function chunkLength(virtualSize: number, chunk: number): number {
  return Math.min(chunkSize, virtualSize - chunk * chunkSize)
}

export function sha256(...pieces: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256')
  for (const piece of pieces) hash.update(piece)
  return hash.digest()
}

/** SHA-256, in hex, over a label, the virtual size (u64, little-endian), the chunk size (u32) and all hashes in order. */
export function rootOf(index: ContentIndex): string {
  const head = Buffer.alloc(12)
  head.writeBigUInt64LE(BigInt(index.virtualSize), 0)
  head.writeUInt32LE(chunkSize, 8)
  return sha256(Buffer.from('floe-content-index-1\n'), head, index.hashes).toString('hex')
}

export function isZeroHash(hashes: Uint8Array, chunk: number): boolean {
  for (let at = chunk * hashSize; at < (chunk + 1) * hashSize; at += 1) if (hashes[at] !== 0) return false
  return true
}

/** The index as a file: header, a bit per chunk that holds data, the hashes of those chunks, SHA-256 of all that. */
export function encodeIndex(index: ContentIndex): Buffer {
  const count = chunkCount(index.virtualSize)
  const bitmap = new Uint8Array(Math.ceil(count / 8))
  const kept: Uint8Array[] = []
  for (let chunk = 0; chunk < count; chunk += 1) {
    if (isZeroHash(index.hashes, chunk)) continue
    bitmap[chunk >> 3] = (bitmap[chunk >> 3] ?? 0) | (1 << (chunk & 7))
    kept.push(index.hashes.subarray(chunk * hashSize, (chunk + 1) * hashSize))
  }
  const header = Buffer.alloc(headerSize)
  header.write(magic, 0, 'latin1')
  header.writeUInt32LE(version, 8)
  header.writeUInt32LE(chunkSize, 12)
  header.writeBigUInt64LE(BigInt(index.virtualSize), 16)
  header.writeBigUInt64LE(BigInt(kept.length), 24)
  Buffer.from(rootOf(index), 'hex').copy(header, 32)
  const body = Buffer.concat([header, bitmap, ...kept])
  return Buffer.concat([body, sha256(body)])
}

/** How many bytes of an index file say which chunks hold data. */
export const beginningLength = (virtualSize: number): number => headerSize + Math.ceil(chunkCount(virtualSize) / 8)

/**
 * What is not zeroes, in whole chunks, by the first `beginningLength` bytes of an index file; null when they are not of
 * the index with that root. Its checksum is over the whole file, so this is good for figures only.
 */
export function dataBy(beginning: Uint8Array, root: string, virtualSize: number): Extents | null {
  const bytes = Buffer.from(beginning.buffer, beginning.byteOffset, beginning.byteLength)
  if (bytes.length !== beginningLength(virtualSize) || bytes.toString('latin1', 0, 8) !== magic) return null
  if (bytes.readUInt32LE(8) !== version || bytes.readUInt32LE(12) !== chunkSize) return null
  if (Number(bytes.readBigUInt64LE(16)) !== virtualSize || bytes.toString('hex', 32, 64) !== root) return null
  const holds = (chunk: number) => ((bytes[headerSize + (chunk >> 3)] ?? 0) & (1 << (chunk & 7))) !== 0
  const count = chunkCount(virtualSize)
  const found: Extent[] = []
  for (let chunk = 0; chunk < count; chunk += 1) {
    if (!holds(chunk)) continue
    const offset = chunk * chunkSize
    while (chunk < count && holds(chunk)) chunk += 1
    found.push({ offset, length: Math.min(chunk * chunkSize, virtualSize) - offset })
  }
  return found
}

/** Reads an index file. Never throws: whatever is wrong with it is said in one sentence about "It". */
export function decodeIndex(file: Uint8Array): IndexReading {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  if (bytes.length < headerSize + hashSize || bytes.toString('latin1', 0, 8) !== magic) {
    return { kind: 'broken', reason: 'It is cut off or not a content index.' }
  }
  if (bytes.readUInt32LE(8) > version) return { kind: 'newer', version: bytes.readUInt32LE(8) }
  const body = bytes.subarray(0, bytes.length - hashSize)
  if (!sha256(body).equals(bytes.subarray(bytes.length - hashSize))) {
    return { kind: 'broken', reason: 'Its own checksum does not fit.' }
  }
  const virtualSize = Number(bytes.readBigUInt64LE(16))
  const keptCount = Number(bytes.readBigUInt64LE(24))
  const count = chunkCount(virtualSize)
  const bitmapSize = Math.ceil(count / 8)
  const complete = body.length === headerSize + bitmapSize + keptCount * hashSize
  if (bytes.readUInt32LE(8) !== version || bytes.readUInt32LE(12) !== chunkSize || !complete) {
    return { kind: 'broken', reason: 'Its sizes do not fit together.' }
  }
  const hashes = new Uint8Array(count * hashSize)
  let at = headerSize + bitmapSize
  for (let chunk = 0; chunk < count; chunk += 1) {
    if (((body[headerSize + (chunk >> 3)] ?? 0) & (1 << (chunk & 7))) === 0) continue
    if (at + hashSize > body.length) return { kind: 'broken', reason: 'Its sizes do not fit together.' }
    hashes.set(body.subarray(at, at + hashSize), chunk * hashSize)
    at += hashSize
  }
  const index = { virtualSize, hashes }
  const root = rootOf(index)
  if (at !== body.length || root !== body.toString('hex', 32, 64)) {
    return { kind: 'broken', reason: 'Its root does not fit its hashes.' }
  }
  return { kind: 'sound', index, root }
}
