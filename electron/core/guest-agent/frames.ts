// Bytes to the agent's messages: one JSON object per line, and the byte 0xFF before each answer to
// `guest-sync-delimited`, which no JSON text contains (qemu.md 9).

/** Longest line that Floe takes from an agent, in bytes. */
export const lineLimit = 1 << 20

export type AgentFrame =
  /** The byte 0xFF: what came before it is of an earlier conversation. */
  | { readonly kind: 'mark' }
  | { readonly kind: 'message'; readonly value: Readonly<Record<string, unknown>> }
  /** A line that is no JSON object. */
  | { readonly kind: 'garbage'; readonly text: string }
  /** The line is dropped up to its end. */
  | { readonly kind: 'too-long' }

const newline = 0x0a
const mark = 0xff

/** Cuts a stream of bytes into frames, however it is chunked. */
export class AgentFrameReader {
  readonly #limit: number
  #parts: Buffer[] = []
  #length = 0
  #dropping = false

  constructor(limit = lineLimit) {
    this.#limit = limit
  }

  push(chunk: Buffer): readonly AgentFrame[] {
    const frames: AgentFrame[] = []
    let start = 0
    for (let index = 0; index < chunk.length; index += 1) {
      const byte = chunk[index]
      if (byte !== newline && byte !== mark) continue
      this.#keep(chunk.subarray(start, index), frames)
      this.#endLine(frames)
      if (byte === mark) frames.push({ kind: 'mark' })
      start = index + 1
    }
    this.#keep(chunk.subarray(start), frames)
    return frames
  }

  #keep(bytes: Buffer, frames: AgentFrame[]): void {
    if (this.#dropping || bytes.length === 0) return
    this.#parts.push(bytes)
    this.#length += bytes.length
    if (this.#length <= this.#limit) return
    frames.push({ kind: 'too-long' })
    this.#parts = []
    this.#length = 0
    this.#dropping = true
  }

  #endLine(frames: AgentFrame[]): void {
    const text = Buffer.concat(this.#parts).toString('utf8').trim()
    this.#parts = []
    this.#length = 0
    this.#dropping = false
    if (text !== '') frames.push(parse(text))
  }
}

function parse(text: string): AgentFrame {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return { kind: 'message', value: value as Record<string, unknown> }
    }
  } catch {
    // told below
  }
  return { kind: 'garbage', text: text.slice(0, 200) }
}
