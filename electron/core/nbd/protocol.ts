// The numbers of the NBD protocol (https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md), as far as a
// reader of QEMU's servers needs them, and one who marks ranges. All integers on the wire are big-endian.
export const greetingMagic = 0x4e42444d41474943n
export const optionMagic = 0x49484156454f5054n
export const optionReplyMagic = 0x3e889045565a9n
export const requestMagic = 0x25609513
export const simpleReplyMagic = 0x67446698
export const structuredReplyMagic = 0x668e33ef

export const handshake = { fixedNewstyle: 1, noZeroes: 2 } as const
export const option = { go: 7, structuredReply: 8, setMetaContext: 10 } as const
export const optionReply = { ack: 1, info: 3, metaContext: 4, error: 0x80000000 } as const
export const infoExport = 0
/** Bits of the flags that come with an export. */
export const exportFlag = { readOnly: 1 << 1, writeZeroes: 1 << 6 } as const
export const command = { read: 0, disconnect: 2, writeZeroes: 6, blockStatus: 7 } as const
export const replyFlagDone = 1
export const replyType = { none: 0, offsetData: 1, offsetHole: 2, blockStatus: 5, errorBit: 0x8000 } as const
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
