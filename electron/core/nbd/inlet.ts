import { connect, type Socket } from 'node:net'
import { NbdConnectionError } from './errors.ts'

const receiveBytes = 1 << 20

/**
 * The incoming side of a unix socket: fills the buffer it was last given and then says so. Received bytes go from one
 * fixed buffer straight to where they are wanted.
 */
export class Inlet {
  #socket: Socket
  #target: Uint8Array | null = null
  #filled = 0
  #then: () => void = () => {}
  #waiting: Uint8Array[] = []
  #ended: NbdConnectionError | null = null
  /** Does anybody wait for an answer? */
  isWaited: () => boolean = () => true
  onEnd: (error: NbdConnectionError) => void = () => {}

  private constructor(path: string, silence: number) {
    this.#socket = connect({
      path,
      onread: {
        buffer: Buffer.allocUnsafe(receiveBytes),
        callback: (size, buffer) => {
          this.#take(buffer.subarray(0, size))
          return true
        },
      },
    })
    this.#socket.on('error', (error) => this.end(`The connection to the NBD server broke: ${error.message}`, error))
    // A server that waits for a hanging drive keeps its connection and says nothing.
    this.#socket.setTimeout(silence, () => {
      if (this.isWaited()) this.end(`The NBD server said nothing for ${Math.round(silence / 1000)} seconds.`)
    })
    this.#socket.on('close', () => this.end('The NBD server closed the connection.'))
  }

  /** `silence`: milliseconds without a byte after which a server that owes an answer counts as gone. */
  static async open(path: string, silence: number): Promise<Inlet> {
    const inlet = new Inlet(path, silence)
    await new Promise<void>((resolve, reject) => {
      inlet.onEnd = reject
      inlet.#socket.once('connect', resolve)
    })
    return inlet
  }

  /** Fills `target`, then calls `then`, which usually asks for the next bytes. One wish at a time. */
  fill(target: Uint8Array, then: () => void): void {
    this.#target = target
    this.#filled = 0
    this.#then = then
    // Bytes that came while nobody wanted any: only between the steps of the handshake.
    for (const piece of this.#waiting.splice(0)) this.#take(piece)
  }

  receive(size: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#ended)
      this.onEnd = reject
      const target = Buffer.alloc(size)
      if (size === 0) return resolve(target)
      this.fill(target, () => resolve(target))
    })
  }

  send(bytes: Uint8Array): void {
    this.#socket.write(bytes)
  }

  end(reason: string, cause?: unknown): void {
    if (this.#ended) return
    this.#ended = new NbdConnectionError(reason, cause)
    this.#socket.destroy()
    this.onEnd(this.#ended)
  }

  get ended(): NbdConnectionError | null {
    return this.#ended
  }

  /** What the owner does with the bytes may find that they are not NBD: that ends the connection. */
  #proceed(): void {
    try {
      this.#then()
    } catch (error) {
      this.end(error instanceof Error ? error.message : String(error), error)
    }
  }

  #take(received: Uint8Array): void {
    let bytes = received
    while (bytes.length > 0) {
      const target = this.#target
      if (!target) {
        this.#waiting.push(Uint8Array.from(bytes))
        return
      }
      const size = Math.min(bytes.length, target.length - this.#filled)
      target.set(size === bytes.length ? bytes : bytes.subarray(0, size), this.#filled)
      this.#filled += size
      bytes = bytes.subarray(size)
      if (this.#filled === target.length) {
        this.#target = null
        this.#proceed()
      }
    }
  }
}
