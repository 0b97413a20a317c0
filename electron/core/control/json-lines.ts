import type { Socket } from 'node:net'
import { StringDecoder } from 'node:string_decoder'

/** A list of ten thousand points is about 10 MB. */
const longestLine = 64 << 20

/** Hands each line's JSON value to `receive`; destroys the socket when a line is none, or has no end in sight. */
export function readJsonLines(socket: Socket, receive: (message: unknown) => boolean): void {
  const decoder = new StringDecoder('utf8')
  let pieces: string[] = []
  let length = 0
  const broken = (reason: string) => socket.destroy(new Error(reason))

  const line = (text: string): boolean => {
    let message: unknown
    try {
      message = JSON.parse(text)
    } catch {
      broken('a line that is not JSON')
      return false
    }
    if (receive(message)) return true
    broken('a message of a kind that is not known')
    return false
  }

  socket.on('data', (data) => {
    const parts = decoder.write(data).split('\n')
    const rest = parts.pop() ?? ''
    for (const part of parts) {
      const text = pieces.join('') + part
      pieces = []
      length = 0
      if (!line(text)) return
    }
    pieces.push(rest)
    length += rest.length
    if (length > longestLine) broken('a line without an end')
  })
}

/** Writes one message; ends a connection whose other side has stopped reading. */
export function writeJsonLine(socket: Socket, message: unknown): void {
  if (!socket.writable) return
  socket.write(`${JSON.stringify(message)}\n`)
  if (socket.writableLength > 2 * longestLine) socket.destroy(new Error('the other side does not read'))
}
