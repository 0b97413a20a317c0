// What a server sends, as bytes (https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md).
import type { Run } from '../nbd/client.ts'
import * as wire from '../nbd/protocol.ts'
import { headRoom } from './slots.ts'

export const largestRead = 32 << 20

export function greeting(): Buffer {
  const bytes = Buffer.alloc(18)
  bytes.writeBigUInt64BE(wire.greetingMagic, 0)
  bytes.writeBigUInt64BE(wire.optionMagic, 8)
  bytes.writeUInt16BE(wire.handshake.fixedNewstyle | wire.handshake.noZeroes, 16)
  return bytes
}

export function optionReply(option: number, type: number, data: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(20)
  head.writeBigUInt64BE(wire.optionReplyMagic, 0)
  head.writeUInt32BE(option, 8)
  head.writeUInt32BE(type, 12)
  head.writeUInt32BE(data.length, 16)
  return Buffer.concat([head, data])
}

const transmissionFlags =
  wire.exportFlag.hasFlags | wire.exportFlag.readOnly | wire.exportFlag.sendFlush | wire.exportFlag.canMultiConn

/** Size and flags, as they come with NBD_OPT_EXPORT_NAME and within NBD_INFO_EXPORT. */
export function exportFacts(size: number): Buffer {
  const bytes = Buffer.alloc(10)
  bytes.writeBigUInt64BE(BigInt(size), 0)
  bytes.writeUInt16BE(transmissionFlags, 8)
  return bytes
}

/** Smallest, preferred and largest request in bytes. */
export function blockSizes(): Buffer {
  const bytes = Buffer.alloc(14)
  bytes.writeUInt16BE(wire.infoBlockSize, 0)
  bytes.writeUInt32BE(1, 2)
  bytes.writeUInt32BE(65536, 6)
  bytes.writeUInt32BE(largestRead, 10)
  return bytes
}

/** Ends right before where the data begins. */
function writeSimpleHead(into: Buffer, end: number, cookie: bigint, errno: number): void {
  into.writeUInt32BE(wire.simpleReplyMagic, end - 16)
  into.writeUInt32BE(errno, end - 12)
  into.writeBigUInt64BE(cookie, end - 8)
}

export function simpleReply(cookie: bigint, errno = 0): Buffer {
  const bytes = Buffer.alloc(wire.simpleReplySize)
  writeSimpleHead(bytes, wire.simpleReplySize, cookie, errno)
  return bytes
}

/** A simple reply's head before the data that lies in the buffer from `headRoom` on. */
export function withSimpleHead(buffer: Buffer, length: number, cookie: bigint): Buffer {
  writeSimpleHead(buffer, headRoom, cookie, 0)
  return buffer.subarray(headRoom - wire.simpleReplySize, headRoom + length)
}

interface Chunk {
  readonly type: number
  readonly cookie: bigint
  /** The reply's last one. */
  readonly done: boolean
}

function writeChunkHead(into: Buffer, { type, cookie, done }: Chunk, length: number): void {
  into.writeUInt32BE(wire.structuredReplyMagic, 0)
  into.writeUInt16BE(done ? wire.replyFlagDone : 0, 4)
  into.writeUInt16BE(type, 6)
  into.writeBigUInt64BE(cookie, 8)
  into.writeUInt32BE(length, 16)
}

function chunk(about: Chunk, payload: number): Buffer {
  const bytes = Buffer.alloc(wire.structuredReplySize + payload)
  writeChunkHead(bytes, about, payload)
  return bytes
}

/** An OFFSET_DATA chunk around the data that lies in the buffer from `headRoom` on. */
export function withDataHead(buffer: Buffer, offset: number, length: number, cookie: bigint, done: boolean): Buffer {
  writeChunkHead(buffer, { type: wire.replyType.offsetData, cookie, done }, 8 + length)
  buffer.writeBigUInt64BE(BigInt(offset), wire.structuredReplySize)
  return buffer.subarray(0, headRoom + length)
}

export function holeChunk(offset: number, length: number, cookie: bigint, done: boolean): Buffer {
  const bytes = chunk({ type: wire.replyType.offsetHole, cookie, done }, 12)
  bytes.writeBigUInt64BE(BigInt(offset), 20)
  bytes.writeUInt32BE(length, 28)
  return bytes
}

export const noneChunk = (cookie: bigint): Buffer => chunk({ type: wire.replyType.none, cookie, done: true }, 0)

/** Without a text. */
export function errorChunk(cookie: bigint, errno: number): Buffer {
  const bytes = chunk({ type: wire.replyType.error, cookie, done: true }, 6)
  bytes.writeUInt32BE(errno, 20)
  return bytes
}

export function errorAtChunk(offset: number, cookie: bigint, errno: number, done: boolean): Buffer {
  const bytes = chunk({ type: wire.replyType.errorOffset, cookie, done }, 14)
  bytes.writeUInt32BE(errno, 20)
  bytes.writeBigUInt64BE(BigInt(offset), 26)
  return bytes
}

export function statusChunk(contextId: number, runs: readonly Run[], cookie: bigint, done: boolean): Buffer {
  const bytes = chunk({ type: wire.replyType.blockStatus, cookie, done }, 4 + runs.length * 8)
  bytes.writeUInt32BE(contextId, 20)
  for (const [index, { length, flags }] of runs.entries()) {
    bytes.writeUInt32BE(length, 24 + index * 8)
    bytes.writeUInt32BE(flags, 28 + index * 8)
  }
  return bytes
}
