// What a backup wrote into a disk's image, kept beside it as `disk-<id>.copied` (docs/storage-format.md): by comparing two
// points, and by checking an incremental at the price of what changed.
import type { Extent, Extents } from '../extents/extents.ts'
import { hashSize, sha256 } from './content-index/format.ts'

const magic = 'FLOECPY\n'
const version = 1
const headerSize = 32
const extentSize = 16

/** Bytes that were written, as QEMU's dirty bitmap marked them. */
export interface Copied {
  /** Bytes of the disk. */
  readonly virtualSize: number
  /** Bytes under one mark; 0 when the extents were read from the image itself (what is not zero). */
  readonly granularity: number
  readonly extents: Extents
}

export type CopiedReading =
  | { readonly kind: 'sound'; readonly copied: Copied }
  | { readonly kind: 'newer'; readonly version: number }
  | { readonly kind: 'broken'; readonly reason: string }

/** Header, offset and length of every extent, SHA-256 of all that. */
export function encodeCopied({ virtualSize, granularity, extents }: Copied): Buffer {
  const body = Buffer.alloc(headerSize + extents.length * extentSize)
  body.write(magic, 0, 'latin1')
  body.writeUInt32LE(version, 8)
  body.writeUInt32LE(granularity, 12)
  body.writeBigUInt64LE(BigInt(virtualSize), 16)
  body.writeBigUInt64LE(BigInt(extents.length), 24)
  for (const [number, { offset, length }] of extents.entries()) {
    body.writeBigUInt64LE(BigInt(offset), headerSize + number * extentSize)
    body.writeBigUInt64LE(BigInt(length), headerSize + number * extentSize + 8)
  }
  return Buffer.concat([body, sha256(body)])
}

/** Never throws: whatever is wrong with the file is said in one sentence about "It". */
export function decodeCopied(file: Uint8Array): CopiedReading {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  if (bytes.length < headerSize + hashSize || bytes.toString('latin1', 0, 8) !== magic) {
    return { kind: 'broken', reason: 'It is cut off or not a list of what was copied.' }
  }
  if (bytes.readUInt32LE(8) > version) return { kind: 'newer', version: bytes.readUInt32LE(8) }
  const body = bytes.subarray(0, bytes.length - hashSize)
  if (!sha256(body).equals(bytes.subarray(bytes.length - hashSize))) {
    return { kind: 'broken', reason: 'Its own checksum does not fit.' }
  }
  const virtualSize = Number(bytes.readBigUInt64LE(16))
  const count = Number(bytes.readBigUInt64LE(24))
  if (bytes.readUInt32LE(8) !== version || body.length !== headerSize + count * extentSize) {
    return { kind: 'broken', reason: 'Its sizes do not fit together.' }
  }
  const extents: Extent[] = []
  for (let at = headerSize; at < body.length; at += extentSize) {
    extents.push({ offset: Number(body.readBigUInt64LE(at)), length: Number(body.readBigUInt64LE(at + 8)) })
  }
  let end = -1
  for (const { offset, length } of extents) {
    if (offset <= end || length <= 0 || offset + length > virtualSize) {
      return { kind: 'broken', reason: 'Its extents make no sense.' }
    }
    end = offset + length
  }
  return { kind: 'sound', copied: { virtualSize, granularity: bytes.readUInt32LE(12), extents } }
}
