// An NBD client over a unix socket: reads, block status and dirty extents of what QEMU's servers serve (server.ts), and
// ranges of zeroes written, which is how a bitmap is marked. It writes no data. Many requests may be in flight; replies
// come in any order. Runs in a worker, so it needs nothing but Node.
import type { Extents } from '../extents/extents.ts'
import { extentsOf } from '../extents/extents.ts'
import { NbdConnectionError, NbdServerError } from './errors.ts'
import { Inlet } from './inlet.ts'
import { type Agreement, negotiate } from './negotiate.ts'
import * as wire from './protocol.ts'

/** Milliseconds. A drive that spins up or a share that comes back takes less. */
const longestSilence = 120_000
/** Block status is asked for in steps of this many bytes (its length field has 32 bits). */
const longestStatus = 2 ** 31

/** A run of bytes; `zero`: it reads as zeroes. */
export interface NbdExtent {
  readonly length: number
  readonly zero: boolean
}

/** What a block status says: runs from the asked offset on, each with the flags of its context. */
export interface Run {
  readonly length: number
  readonly flags: number
}

interface Pending {
  readonly type: number
  readonly offset: number
  /** Where read data goes; null for anything else. */
  readonly into: Uint8Array | null
  covered: number
  /** By the id of the context. */
  readonly runs: Map<number, Run[]>
  error: NbdServerError | null
  readonly resolve: (runs: ReadonlyMap<number, readonly Run[]>) => void
  readonly reject: (error: Error) => void
}

export interface ConnectOptions {
  readonly exportName?: string
  readonly dirtyBitmap?: string
  /** Milliseconds without a byte after which a server that owes an answer counts as gone. */
  readonly silence?: number
}

/** Thrown while a reply is taken apart; ends the connection (inlet.ts). */
function violation(what: string): NbdConnectionError {
  return new NbdConnectionError(`The NBD server broke the protocol. ${what}`)
}

export class NbdClient {
  /** Bytes. */
  readonly size: number
  /** Does the server tell which parts read as zeroes? */
  readonly knowsZeroes: boolean
  /** May ranges of zeroes be written? */
  readonly canWriteZeroes: boolean
  readonly #inlet: Inlet
  readonly #allocationId: number | null
  readonly #dirtyId: number | null
  readonly #pending = new Map<number, Pending>()
  readonly #head = Buffer.alloc(wire.structuredReplySize)
  #lastCookie = 0
  /** Called once when the connection is over, also by `close`. */
  onEnd: () => void = () => {}

  private constructor(inlet: Inlet, agreement: Agreement) {
    this.#inlet = inlet
    this.size = agreement.size
    this.#allocationId = agreement.allocationContextId
    this.#dirtyId = agreement.dirtyContextId
    this.knowsZeroes = agreement.allocationContextId !== null
    this.canWriteZeroes = agreement.canWriteZeroes
    inlet.isWaited = () => this.#pending.size > 0
    inlet.onEnd = (error) => {
      for (const pending of this.#pending.values()) pending.reject(error)
      this.#pending.clear()
      this.onEnd()
    }
    this.#awaitReply()
  }

  /**
   * `dirtyBitmap`: the bitmap that `dirtyExtents` is to tell about; a server that does not serve it is an error.
   * @throws NbdConnectionError, NbdServerError
   */
  static async connect(socketPath: string, options: ConnectOptions = {}): Promise<NbdClient> {
    const { exportName = '', dirtyBitmap = null } = options
    const inlet = await Inlet.open(socketPath, options.silence ?? longestSilence)
    try {
      const agreement = await negotiate(inlet, exportName, dirtyBitmap)
      if (dirtyBitmap !== null && agreement.dirtyContextId === null) {
        throw new NbdConnectionError(`The NBD server does not serve the bitmap "${dirtyBitmap}".`)
      }
      return new NbdClient(inlet, agreement)
    } catch (error) {
      inlet.end('The handshake failed.')
      throw error
    }
  }

  /** Reads `into.length` bytes at `offset`. @throws NbdServerError (unreadable there), NbdConnectionError */
  async read(offset: number, into: Uint8Array): Promise<void> {
    await this.#request(wire.command.read, offset, into.length, into)
  }

  /** Extents from `offset` on; together they may be shorter than `length`. Only when `knowsZeroes`. */
  async blockStatus(offset: number, length: number): Promise<readonly NbdExtent[]> {
    const runs = await this.allocation(offset, length)
    return runs.map((run) => ({ length: run.length, zero: (run.flags & wire.stateZero) !== 0 }))
  }

  /** As `blockStatus`, with the flags as the server sent them. */
  allocation(offset: number, length: number): Promise<readonly Run[]> {
    return this.#status(offset, length, this.#allocationId)
  }

  /** What the bitmap marks in this range. Only with a `dirtyBitmap`. @throws NbdServerError, NbdConnectionError */
  async dirtyExtents(offset: number, length: number): Promise<Extents> {
    const end = Math.min(offset + length, this.size)
    const dirty: { offset: number; length: number }[] = []
    for (let at = offset; at < end; ) {
      const runs = await this.#status(at, Math.min(longestStatus, end - at), this.#dirtyId)
      if (runs.length === 0) throw new NbdConnectionError('The NBD server told nothing about a part of the bitmap.')
      for (const run of runs) {
        const next = Math.min(at + run.length, end)
        if ((run.flags & wire.stateDirty) !== 0) dirty.push({ offset: at, length: next - at })
        at = next
      }
    }
    return extentsOf(dirty)
  }

  /** Writes zeroes, below 4 GiB at once. Only when `canWriteZeroes`. @throws NbdServerError, NbdConnectionError */
  async writeZeroes(offset: number, length: number): Promise<void> {
    await this.#request(wire.command.writeZeroes, offset, length, null)
  }

  close(): void {
    if (!this.#inlet.ended) this.#inlet.send(wire.encodeRequest(wire.command.disconnect, 0, 0, 0))
    this.#inlet.end('The connection was closed.')
  }

  async #status(offset: number, length: number, contextId: number | null): Promise<readonly Run[]> {
    if (contextId === null) throw new NbdServerError(95, 'The NBD server does not tell about this.')
    const runs = await this.#request(wire.command.blockStatus, offset, length, null)
    return runs.get(contextId) ?? []
  }

  #request(
    type: number,
    offset: number,
    length: number,
    into: Uint8Array | null,
  ): Promise<ReadonlyMap<number, readonly Run[]>> {
    return new Promise((resolve, reject) => {
      const { ended } = this.#inlet
      if (ended) return reject(ended)
      this.#lastCookie = (this.#lastCookie + 1) >>> 0
      const pending = { type, offset, into, covered: 0, runs: new Map(), error: null, resolve, reject }
      this.#pending.set(this.#lastCookie, pending)
      this.#inlet.send(wire.encodeRequest(type, this.#lastCookie, offset, length))
    })
  }

  #awaitReply(): void {
    this.#inlet.fill(this.#head.subarray(0, wire.simpleReplySize), () => {
      const magic = this.#head.readUInt32BE(0)
      if (magic === wire.simpleReplyMagic) {
        this.#simpleReply()
        return
      }
      if (magic !== wire.structuredReplyMagic) throw violation('It sent something that is no reply.')
      this.#inlet.fill(this.#head.subarray(wire.simpleReplySize), () => this.#structuredReply())
    })
  }

  #simpleReply(): void {
    const cookie = this.#head.readUInt32BE(12)
    const errno = this.#head.readUInt32BE(4)
    const pending = this.#pending.get(cookie)
    if (!pending) throw violation('It answered what nobody asked.')
    if (errno !== 0) {
      pending.error = new NbdServerError(errno, '')
      this.#settle(cookie, pending)
      return
    }
    if (pending.type === wire.command.blockStatus) throw violation('It answered block status with a simple reply.')
    if (!pending.into) {
      this.#settle(cookie, pending)
      return
    }
    this.#inlet.fill(pending.into, () => {
      pending.covered = pending.into?.length ?? 0
      this.#settle(cookie, pending)
    })
  }

  #structuredReply(): void {
    const done = (this.#head.readUInt16BE(4) & wire.replyFlagDone) !== 0
    const type = this.#head.readUInt16BE(6)
    const cookie = this.#head.readUInt32BE(12)
    const length = this.#head.readUInt32BE(16)
    const pending = this.#pending.get(cookie)
    if (!pending) throw violation('It answered what nobody asked.')
    const next = () => (done ? this.#settle(cookie, pending) : this.#awaitReply())
    if (type === wire.replyType.offsetData && pending.into) {
      this.#data(pending, length, next)
      return
    }
    if (length > 16 << 20) throw violation('It sent an oversized reply.')
    if (length === 0) {
      next()
      return
    }
    const payload = Buffer.alloc(length)
    this.#inlet.fill(payload, () => {
      if (!this.#payload(type, payload, pending)) throw violation('It sent a reply of an unknown kind.')
      next()
    })
  }

  #data(pending: Pending, length: number, next: () => void): void {
    const position = Buffer.alloc(8)
    const into = pending.into as Uint8Array
    this.#inlet.fill(position, () => {
      const start = Number(position.readBigUInt64BE(0)) - pending.offset
      const size = length - 8
      if (start < 0 || size <= 0 || start + size > into.length) throw violation('It sent data nobody asked for.')
      pending.covered += size
      this.#inlet.fill(into.subarray(start, start + size), next)
    })
  }

  #payload(type: number, payload: Buffer, pending: Pending): boolean {
    if ((type & wire.replyType.errorBit) !== 0 && payload.length >= 6) {
      const textLength = payload.readUInt16BE(4)
      pending.error = new NbdServerError(payload.readUInt32BE(0), payload.toString('utf8', 6, 6 + textLength))
      return true
    }
    if (type === wire.replyType.offsetHole && pending.into && payload.length === 12) {
      const start = Number(payload.readBigUInt64BE(0)) - pending.offset
      const size = payload.readUInt32BE(8)
      if (start < 0 || start + size > pending.into.length) return false
      pending.into.fill(0, start, start + size)
      pending.covered += size
      return true
    }
    if (type !== wire.replyType.blockStatus || pending.type !== wire.command.blockStatus || payload.length < 12)
      return false
    const contextId = payload.readUInt32BE(0)
    if (contextId !== this.#allocationId && contextId !== this.#dirtyId) return false
    const runs: Run[] = []
    for (let at = 4; at + 8 <= payload.length; at += 8) {
      if (payload.readUInt32BE(at) === 0) return false
      runs.push({ length: payload.readUInt32BE(at), flags: payload.readUInt32BE(at + 4) })
    }
    pending.runs.set(contextId, runs)
    return true
  }

  #settle(cookie: number, pending: Pending): void {
    this.#pending.delete(cookie)
    const incomplete = pending.into !== null && pending.covered !== pending.into.length
    if (pending.error) pending.reject(pending.error)
    else if (incomplete) pending.reject(new NbdConnectionError('The NBD server left out a part of the data.'))
    else pending.resolve(pending.runs)
    this.#awaitReply()
  }
}
