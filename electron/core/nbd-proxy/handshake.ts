import * as wire from '../nbd/protocol.ts'
import { chosen, contextsOf, listed, type Offer } from './offers.ts'
import { OptionData } from './option-data.ts'
import { blockSizes, exportFacts, optionReply } from './replies.ts'

/** What the reader chose. */
export interface Agreed {
  readonly offer: Offer
  readonly structured: boolean
  /** Ids of contexts that block status tells about, smallest first. */
  readonly contexts: readonly number[]
  /** What is still to be sent once the export is open. */
  readonly lastReply: Buffer
}

/** The reader broke the protocol. */
export class Garbage extends Error {
  override readonly name = 'Garbage'
}

interface Reply {
  readonly type: number
  readonly payload?: Buffer
}

const { option, optionError } = wire
const acknowledged: Reply = { type: wire.optionReply.ack }
const refused = (type: number): readonly Reply[] => [{ type }]

/** The server's side of the fixed newstyle handshake, without TLS. It sends by itself and says what was agreed on. */
export class Handshake {
  readonly #offers: ReadonlyMap<string, Offer>
  readonly #send: (bytes: Buffer) => void
  #greeted = false
  #wantsZeroes = true
  #structured = false
  #chosen: { readonly exportName: string; readonly ids: readonly number[] } | null = null
  /** Null until an export was chosen, `left` when the reader went instead. */
  outcome: Agreed | 'left' | null = null

  constructor(offers: readonly Offer[], send: (bytes: Buffer) => void) {
    this.#offers = new Map(offers.map((offer) => [offer.name, offer]))
    this.#send = send
  }

  /** How many of the bytes were used; 0 when more are needed. @throws Garbage */
  take(bytes: Buffer): number {
    if (!this.#greeted) return this.#takeFlags(bytes)
    if (bytes.length < 16) return 0
    const length = bytes.readUInt32BE(12)
    if (bytes.readBigUInt64BE(0) !== wire.optionMagic || length > wire.longestText) throw new Garbage()
    if (bytes.length < 16 + length) return 0
    this.#option(bytes.readUInt32BE(8), bytes.subarray(16, 16 + length))
    return 16 + length
  }

  #takeFlags(bytes: Buffer): number {
    if (bytes.length < 4) return 0
    const flags = bytes.readUInt32BE(0)
    if ((flags & ~(wire.handshake.fixedNewstyle | wire.handshake.noZeroes)) !== 0) throw new Garbage()
    this.#wantsZeroes = (flags & wire.handshake.noZeroes) === 0
    this.#greeted = true
    return 4
  }

  #option(code: number, data: Buffer): void {
    for (const { type, payload } of this.#replies(code, data)) this.#send(optionReply(code, type, payload))
  }

  #replies(code: number, data: Buffer): readonly Reply[] {
    switch (code) {
      case option.exportName:
        return this.#exportName(data.toString())
      case option.abort:
        this.outcome = 'left'
        return [acknowledged]
      case option.list: {
        if (data.length > 0) return refused(optionError.invalid)
        const names = [...this.#offers.keys()]
        return [
          ...names.map((name) => ({ type: wire.optionReply.server, payload: wire.encodeText(name) })),
          acknowledged,
        ]
      }
      case option.structuredReply:
        if (data.length > 0) return refused(optionError.invalid)
        this.#structured = true
        return [acknowledged]
      case option.info:
      case option.go:
        return this.#go(code, new OptionData(data))
      case option.listMetaContext:
      case option.setMetaContext:
        return this.#contexts(code === option.setMetaContext, new OptionData(data))
      default:
        return refused(optionError.unsupported)
    }
  }

  /** This option has no way to say that something is wrong. @throws Garbage */
  #exportName(name: string): readonly Reply[] {
    const offer = this.#offers.get(name)
    if (!offer) throw new Garbage()
    this.#agree(offer, Buffer.concat([exportFacts(offer.size), Buffer.alloc(this.#wantsZeroes ? 124 : 0)]))
    return []
  }

  #go(code: number, data: OptionData): readonly Reply[] {
    const name = data.text()
    const wishes = data.number(2)
    if (name === null || wishes === null || data.left !== wishes * 2) return refused(optionError.invalid)
    const offer = this.#offers.get(name)
    if (!offer) return refused(optionError.unknown)
    const facts = Buffer.concat([Buffer.from([0, wire.infoExport]), exportFacts(offer.size)])
    const told = [facts, blockSizes()].map((payload) => ({ type: wire.optionReply.info, payload }))
    if (code === option.info) return [...told, acknowledged]
    this.#agree(offer, optionReply(code, wire.optionReply.ack))
    return told
  }

  #contexts(setting: boolean, data: OptionData): readonly Reply[] {
    const exportName = data.text()
    const queries = data.texts()
    if (!this.#structured || exportName === null || queries === null || data.left > 0) {
      return refused(optionError.invalid)
    }
    const offer = this.#offers.get(exportName)
    if (!offer) return refused(optionError.unknown)
    const known = contextsOf(offer)
    const names = setting ? chosen([...known.keys()], queries) : listed([...known.keys()], queries)
    const ids = names.map((name) => known.get(name) as number)
    if (setting) this.#chosen = { exportName, ids: [...ids].sort() }
    const told = names.map((name, index) => {
      const id = Buffer.alloc(4)
      if (setting) id.writeUInt32BE(ids[index] as number)
      return { type: wire.optionReply.metaContext, payload: Buffer.concat([id, Buffer.from(name)]) }
    })
    return [...told, acknowledged]
  }

  #agree(offer: Offer, lastReply: Buffer): void {
    const contexts = this.#chosen?.exportName === offer.name ? this.#chosen.ids : []
    this.outcome = { offer, structured: this.#structured, contexts, lastReply }
  }
}
