// Bytes to QMP messages. QMP is one JSON object per line, except on a `-qmp-pretty` socket, where an object spans
// lines; so messages are told apart by their braces, which serves both.

/** Longest message Floe accepts, in bytes; libvirt's limit too. */
export const messageLimit = 10 * 1024 * 1024

export type Frame =
  | { readonly kind: 'message'; readonly value: Readonly<Record<string, unknown>> }
  /** A line that is no JSON object. */
  | { readonly kind: 'garbage'; readonly text: string }
  | { readonly kind: 'too-long' }

const [quote, backslash, open, close, openList, closeList, newline] = Buffer.from('"\\{}[]\n') as unknown as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
]
const isBlank = (byte: number) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)

/** Cuts a stream of bytes into frames, however it is chunked. After `too-long` the stream is lost. */
export class FrameDecoder {
  readonly #limit: number
  #parts: Buffer[] = []
  #length = 0
  #inside: 'nothing' | 'object' | 'garbage' = 'nothing'
  #depth = 0
  #inString = false
  #escaped = false
  #lost = false

  constructor(limit = messageLimit) {
    this.#limit = limit
  }

  /** The beginning of what has arrived and is not a whole frame yet. */
  get pending(): string {
    return Buffer.concat(this.#parts).subarray(0, 200).toString('utf8')
  }

  push(chunk: Buffer): readonly Frame[] {
    const frames: Frame[] = []
    let start = 0
    for (let index = 0; index < chunk.length && !this.#lost; index += 1) {
      const byte = chunk[index] as number
      if (this.#inside === 'nothing') {
        start = index
        if (isBlank(byte)) continue
        this.#inside = byte === open ? 'object' : 'garbage'
      }
      if (!this.#ends(byte)) continue
      frames.push(this.#take(chunk.subarray(start, index + 1)))
    }
    if (this.#inside !== 'nothing' && !this.#lost) this.#keep(chunk.subarray(start), frames)
    return frames
  }

  /** Does the frame end with this byte? */
  #ends(byte: number): boolean {
    if (this.#inside === 'garbage') return byte === newline
    if (this.#escaped) this.#escaped = false
    else if (this.#inString) {
      if (byte === backslash) this.#escaped = true
      else if (byte === quote) this.#inString = false
    } else if (byte === quote) this.#inString = true
    else if (byte === open || byte === openList) this.#depth += 1
    else if (byte === close || byte === closeList) {
      this.#depth -= 1
      return this.#depth === 0
    }
    return false
  }

  #keep(bytes: Buffer, frames: Frame[]): void {
    this.#parts.push(bytes)
    this.#length += bytes.length
    if (this.#length > this.#limit) frames.push(this.#lose())
  }

  #take(bytes: Buffer): Frame {
    if (this.#length + bytes.length > this.#limit) return this.#lose()
    const text = Buffer.concat([...this.#parts, bytes]).toString('utf8')
    const wasObject = this.#inside === 'object'
    this.#reset()
    return wasObject ? parse(text) : { kind: 'garbage', text: text.trimEnd() }
  }

  #lose(): Frame {
    this.#lost = true
    this.#reset()
    return { kind: 'too-long' }
  }

  #reset(): void {
    this.#parts = []
    this.#length = 0
    this.#inside = 'nothing'
    this.#depth = 0
    this.#inString = false
    this.#escaped = false
  }
}

function parse(text: string): Frame {
  try {
    return { kind: 'message', value: JSON.parse(text) as Record<string, unknown> }
  } catch {
    return { kind: 'garbage', text }
  }
}

export function encodeCommand(id: string, command: string, args?: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(args === undefined ? { execute: command, id } : { execute: command, arguments: args, id })}\n`
}
