// The numbers of the NBD protocol (https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md), as far as a
// reader of QEMU's servers needs them, one who marks ranges, and one who stands in front of such a server for other
// readers (nbd-proxy). All integers on the wire are big-endian.
export const greetingMagic = 0x4e42444d41474943n
export const optionMagic = 0x49484156454f5054n
export const optionReplyMagic = 0x3e889045565a9n
export const requestMagic = 0x25609513
export const simpleReplyMagic = 0x67446698
export const structuredReplyMagic = 0x668e33ef

export const handshake = { fixedNewstyle: 1, noZeroes: 2 } as const
export const option = {
  exportName: 1,
  abort: 2,
  list: 3,
  info: 6,
  go: 7,
  structuredReply: 8,
  listMetaContext: 9,
  setMetaContext: 10,
} as const
export const optionReply = { ack: 1, server: 2, info: 3, metaContext: 4, error: 0x80000000 } as const
/** With the bit of `optionReply.error`. */
export const optionError = { unsupported: 0x80000001, invalid: 0x80000003, unknown: 0x80000006 } as const
export const infoExport = 0
export const infoBlockSize = 3
/** Bits of the flags that come with an export. */
export const exportFlag = {
  hasFlags: 1 << 0,
  readOnly: 1 << 1,
  sendFlush: 1 << 2,
  writeZeroes: 1 << 6,
  canMultiConn: 1 << 8,
} as const
export const command = { read: 0, write: 1, disconnect: 2, flush: 3, writeZeroes: 6, blockStatus: 7 } as const
/** Block status: one extent only, and none of it past the range that was asked for. */
export const commandFlagReqOne = 1 << 3
export const replyFlagDone = 1
export const replyType = {
  none: 0,
  offsetData: 1,
  offsetHole: 2,
  blockStatus: 5,
  errorBit: 0x8000,
  error: 0x8001,
  errorOffset: 0x8002,
} as const
/** Errors as the protocol numbers them. */
export const errno = { notPermitted: 1, io: 5, invalid: 22 } as const
export const stateZero = 2
export const stateDirty = 1

/** Says where data is and where an image reads as zeroes. */
export const allocationContext = 'base:allocation'
/** Says which parts a dirty bitmap of QEMU's marks (qemu.org, docs/interop/nbd.txt). */
export const dirtyContext = (bitmap: string): string => `qemu:dirty-bitmap:${bitmap}`
export const requestSize = 28
export const simpleReplySize = 16
export const structuredReplySize = 20

/** Option lengths and reply texts are a few hundred bytes at most; more means that this is no NBD server. */
export const longestText = 64 << 10

export function encodeOption(code: number, data: Buffer): Buffer {
  const head = Buffer.alloc(16)
  head.writeBigUInt64BE(optionMagic, 0)
  head.writeUInt32BE(code, 8)
  head.writeUInt32BE(data.length, 12)
  return Buffer.concat([head, data])
}

export function encodeText(text: string): Buffer {
  const bytes = Buffer.from(text)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

export function encodeRequest(type: number, cookie: number, offset: number, length: number): Buffer {
  const request = Buffer.alloc(requestSize)
  request.writeUInt32BE(requestMagic, 0)
  request.writeUInt16BE(type, 6)
  request.writeUInt32BE(cookie, 12)
  request.writeBigUInt64BE(BigInt(offset), 16)
  request.writeUInt32BE(length, 24)
  return request
}
