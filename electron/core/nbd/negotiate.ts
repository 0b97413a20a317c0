import { NbdConnectionError, NbdServerError } from './errors.ts'
import type { Inlet } from './inlet.ts'
import * as wire from './protocol.ts'

/** What server and client agreed on. */
export interface Agreement {
  /** Bytes. */
  readonly size: number
  /** Id of `base:allocation`; null when the server does not tell about holes. */
  readonly allocationContextId: number | null
  /** Id of the dirty bitmap that was asked for; null when the server does not tell about it. */
  readonly dirtyContextId: number | null
  readonly canWriteZeroes: boolean
}

interface OptionReply {
  readonly type: number
  readonly data: Buffer
}

/**
 * The fixed newstyle handshake with NBD_OPT_GO. Structured replies and block status are taken when they are offered.
 * @throws NbdConnectionError, NbdServerError
 */
export async function negotiate(
  inlet: Inlet,
  exportName: string,
  dirtyBitmap: string | null = null,
): Promise<Agreement> {
  const greeting = await inlet.receive(18)
  const isNewstyle =
    greeting.readBigUInt64BE(0) === wire.greetingMagic && greeting.readBigUInt64BE(8) === wire.optionMagic
  if (!isNewstyle || (greeting.readUInt16BE(16) & wire.handshake.fixedNewstyle) === 0) {
    throw new NbdConnectionError('What answers is not an NBD server of the fixed newstyle.')
  }
  const flags = Buffer.alloc(4)
  flags.writeUInt32BE(wire.handshake.fixedNewstyle | (greeting.readUInt16BE(16) & wire.handshake.noZeroes))
  inlet.send(flags)

  const structured = await tryOption(inlet, wire.option.structuredReply, Buffer.alloc(0))
  const contexts = structured ? await metaContexts(inlet, exportName, dirtyBitmap) : new Map<string, number>()

  const noInfoRequests = Buffer.from([0, 0])
  const replies = await askOption(inlet, wire.option.go, Buffer.concat([wire.encodeText(exportName), noInfoRequests]))
  for (const reply of replies) {
    if (reply.type !== wire.optionReply.info || reply.data.readUInt16BE(0) !== wire.infoExport) continue
    const transmission = reply.data.readUInt16BE(10)
    const writable = (transmission & wire.exportFlag.readOnly) === 0
    return {
      size: Number(reply.data.readBigUInt64BE(2)),
      allocationContextId: contexts.get(wire.allocationContext) ?? null,
      dirtyContextId: dirtyBitmap === null ? null : (contexts.get(wire.dirtyContext(dirtyBitmap)) ?? null),
      canWriteZeroes: writable && (transmission & wire.exportFlag.writeZeroes) !== 0,
    }
  }
  throw new NbdConnectionError('The NBD server did not tell the size of the image.')
}

/** Ids of what the server tells about, by name. */
async function metaContexts(
  inlet: Inlet,
  exportName: string,
  dirtyBitmap: string | null,
): Promise<Map<string, number>> {
  const names = [wire.allocationContext, ...(dirtyBitmap === null ? [] : [wire.dirtyContext(dirtyBitmap)])]
  const queries = [Buffer.from([0, 0, 0, names.length]), ...names.map(wire.encodeText)]
  const query = Buffer.concat([wire.encodeText(exportName), ...queries])
  const replies = (await tryOption(inlet, wire.option.setMetaContext, query)) ?? []
  const found = replies.filter(({ type, data }) => type === wire.optionReply.metaContext && data.length >= 4)
  return new Map(found.map(({ data }) => [data.toString('utf8', 4), data.readUInt32BE(0)]))
}

async function tryOption(inlet: Inlet, code: number, data: Buffer): Promise<OptionReply[] | null> {
  try {
    return await askOption(inlet, code, data)
  } catch (error) {
    if (error instanceof NbdServerError) return null
    throw error
  }
}

/** Sends an option and collects the replies up to the acknowledgement. */
async function askOption(inlet: Inlet, code: number, data: Buffer): Promise<OptionReply[]> {
  inlet.send(wire.encodeOption(code, data))
  const replies: OptionReply[] = []
  for (;;) {
    const head = await inlet.receive(20)
    const length = head.readUInt32BE(16)
    if (
      head.readBigUInt64BE(0) !== wire.optionReplyMagic ||
      head.readUInt32BE(8) !== code ||
      length > wire.longestText
    ) {
      throw new NbdConnectionError('The NBD server sent a reply that does not belong to the question.')
    }
    const type = head.readUInt32BE(12)
    const reply = { type, data: await inlet.receive(length) }
    if (type === wire.optionReply.ack) return replies
    if (type >= wire.optionReply.error) throw new NbdServerError(type - wire.optionReply.error, reply.data.toString())
    replies.push(reply)
  }
}
