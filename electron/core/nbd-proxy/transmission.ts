import * as wire from '../nbd/protocol.ts'
import { Garbage } from './handshake.ts'
import type { Line } from './line.ts'
import { answerRead, answerReadSimply } from './reading.ts'
import { errorChunk, largestRead, simpleReply } from './replies.ts'
import { StatusAnswers } from './status.ts'

/** Requests of one reader that are worked on at once; the next ones wait in its socket. */
const mostRequests = 64

const { command, errno } = wire

/** Requests of one reader, taken apart and answered. */
export class Transmission {
  readonly #line: Line
  readonly #structured: boolean
  readonly #contexts: readonly number[]
  readonly #status: StatusAnswers
  readonly #onRoom: () => void
  #working = 0
  /** Simple replies to reads go one after the other. */
  #turn: Promise<void> = Promise.resolve()
  /** Bytes of a write's data that nobody wants. */
  #skip = 0
  #leaving = false

  constructor(
    line: Line,
    { structured, contexts }: { readonly structured: boolean; readonly contexts: readonly number[] },
    onRoom: () => void,
  ) {
    this.#line = line
    this.#structured = structured
    this.#contexts = contexts
    this.#status = new StatusAnswers(line)
    this.#onRoom = onRoom
  }

  get isFull(): boolean {
    return this.#working >= mostRequests || this.#leaving
  }

  /** How many of the bytes were used; 0 when more are needed. @throws Garbage */
  take(bytes: Buffer): number {
    if (this.#skip > 0) {
      const skipped = Math.min(this.#skip, bytes.length)
      this.#skip -= skipped
      return skipped
    }
    if (bytes.length < wire.requestSize) return 0
    if (bytes.readUInt32BE(0) !== wire.requestMagic) throw new Garbage()
    const type = bytes.readUInt16BE(6)
    const length = bytes.readUInt32BE(24)
    if (type === command.write && length > largestRead) throw new Garbage()
    if (type === command.write) this.#skip = length
    if (type === command.disconnect) this.#leave()
    else
      this.#work(this.#answer(type, bytes.readUInt16BE(4), bytes.readBigUInt64BE(8), bytes.readBigUInt64BE(16), length))
    return wire.requestSize
  }

  #answer(type: number, flags: number, cookie: bigint, start: bigint, length: number): Promise<void> {
    const fits = start + BigInt(length) <= BigInt(this.#line.upstream.size)
    const range = { cookie, offset: fits ? Number(start) : 0, length }
    if (type === command.flush) return this.#line.send(simpleReply(cookie))
    if (type === command.write || type === command.writeZeroes) return this.#refuse(cookie, errno.notPermitted)
    if (type === command.read && fits && length <= largestRead && flags === 0) {
      return this.#structured ? answerRead(this.#line, range) : this.#inTurn(() => answerReadSimply(this.#line, range))
    }
    const one = (flags & wire.commandFlagReqOne) !== 0
    const isPlain = (flags & ~wire.commandFlagReqOne) === 0
    if (type === command.blockStatus && fits && length > 0 && isPlain && this.#contexts.length > 0) {
      return this.#status.answer({ ...range, one, contexts: this.#contexts })
    }
    return this.#refuse(cookie, errno.invalid)
  }

  #refuse(cookie: bigint, code: number): Promise<void> {
    return this.#line.send(this.#structured ? errorChunk(cookie, code) : simpleReply(cookie, code))
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(work)
    return this.#turn
  }

  /** A reader that says goodbye still gets what it asked for before. */
  #leave(): void {
    this.#leaving = true
    if (this.#working === 0) this.#line.end()
  }

  #work(answering: Promise<void>): void {
    this.#working += 1
    answering.then(
      () => this.#done(),
      () => this.#line.end(),
    )
  }

  #done(): void {
    this.#working -= 1
    if (this.#leaving && this.#working === 0) this.#line.end()
    else this.#onRoom()
  }
}
