import type { Socket } from 'node:net'
import type { NbdClient } from '../nbd/client.ts'
import { type Agreed, Handshake } from './handshake.ts'
import type { Line } from './line.ts'
import type { Offer } from './offers.ts'
import { greeting } from './replies.ts'
import { Slots } from './slots.ts'
import { Transmission } from './transmission.ts'

/** Clusters that one reader may have in flight: 2 MiB. QEMU works on 16 requests of a connection at once. */
const clustersInFlight = 32
/** Bytes of replies within the handshake that a reader may leave unread. */
const mostUnread = 1 << 20

/** One reader, from its greeting to its end, whatever it sends. */
export class ReaderConnection {
  readonly #socket: Socket
  readonly #open: (offer: Offer) => Promise<NbdClient>
  readonly #handshake: Handshake
  #received: Buffer = Buffer.alloc(0)
  #opening = false
  #transmission: Transmission | null = null
  #upstream: NbdClient | null = null

  /** `open`: a connection to the server behind, for this reader alone. */
  constructor(socket: Socket, offers: readonly Offer[], open: (offer: Offer) => Promise<NbdClient>) {
    this.#socket = socket
    this.#open = open
    this.#handshake = new Handshake(offers, (bytes) => {
      socket.write(bytes)
      if (socket.writableLength > mostUnread) this.end()
    })
    socket.on('data', (bytes: Buffer) => {
      this.#received = this.#received.length === 0 ? bytes : Buffer.concat([this.#received, bytes])
      this.#advance()
    })
    // A reader may go at any moment, and nothing is wrong then.
    socket.on('error', () => this.end())
    socket.on('close', () => this.end())
    socket.write(greeting())
  }

  end(): void {
    this.#socket.destroy()
    this.#upstream?.close()
    this.#upstream = null
  }

  /** Uses what was received as far as possible; the socket rests while there is no room for more requests. */
  #advance(): void {
    try {
      let used = 0
      while (!this.#mustWait()) {
        const rest = this.#received.subarray(used)
        const taken = (this.#transmission ?? this.#handshake).take(rest)
        if (taken === 0) break
        used += taken
        this.#followHandshake()
      }
      this.#received = this.#received.subarray(used)
    } catch {
      this.end()
      return
    }
    if (this.#mustWait()) this.#socket.pause()
    else this.#socket.resume()
  }

  #mustWait(): boolean {
    return this.#socket.destroyed || this.#opening || (this.#transmission?.isFull ?? false)
  }

  #followHandshake(): void {
    const { outcome } = this.#handshake
    if (this.#transmission || outcome === null) return
    if (outcome === 'left') this.#socket.end(() => this.end())
    this.#opening = true
    if (outcome !== 'left') this.#begin(outcome).catch(() => this.end())
  }

  async #begin(agreed: Agreed): Promise<void> {
    const upstream = await this.#open(agreed.offer)
    if (this.#socket.destroyed) return upstream.close()
    this.#upstream = upstream
    upstream.onEnd = () => this.end()
    const line: Line = {
      upstream,
      slots: new Slots(clustersInFlight),
      send: (bytes) => this.#send(bytes),
      end: () => this.end(),
    }
    this.#transmission = new Transmission(line, agreed, () => this.#advance())
    this.#opening = false
    this.#socket.write(agreed.lastReply)
    this.#advance()
  }

  #send(bytes: Buffer): Promise<void> {
    if (this.#socket.destroyed) return Promise.resolve()
    return new Promise((resolve) => this.#socket.write(bytes, () => resolve()))
  }
}
