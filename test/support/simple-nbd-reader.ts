import { connect, type Socket } from 'node:net'

/** An NBD client as old ones are: no option but the name of the export, no structured replies. One read at a time. */
export interface SimpleReader extends Disposable {
  /** Bytes. */
  readonly size: number
  readonly socket: Socket
  /** @throws Error with the server's error number */
  read(offset: number, length: number): Promise<Buffer>
  /** The error number that a request of another kind is answered with. */
  ask(type: number, offset: number, length: number): Promise<number>
}

export async function simpleReader(socketPath: string, exportName: string): Promise<SimpleReader> {
  const socket = connect(socketPath)
  const receive = receiver(socket)
  await receive(18)
  const head = Buffer.alloc(20)
  head.writeUInt32BE(3, 0)
  head.write('IHAVEOPT', 4, 'latin1')
  head.writeUInt32BE(1, 12)
  head.writeUInt32BE(Buffer.byteLength(exportName), 16)
  socket.write(Buffer.concat([head, Buffer.from(exportName)]))
  const size = Number((await receive(10)).readBigUInt64BE(0))
  const ask = async (type: number, offset: number, length: number) => {
    socket.write(request(type, offset, length))
    return (await receive(16)).readUInt32BE(4)
  }
  return {
    size,
    socket,
    ask,
    read: async (offset, length) => {
      const errno = await ask(0, offset, length)
      if (errno !== 0) throw new Error(`The server answered ${errno}.`)
      return receive(length)
    },
    [Symbol.dispose]: () => void socket.destroy(),
  }
}

export function request(type: number, offset: number, length: number, cookie = 7n): Buffer {
  const bytes = Buffer.alloc(28)
  bytes.writeUInt32BE(0x25609513, 0)
  bytes.writeUInt16BE(type, 6)
  bytes.writeBigUInt64BE(cookie, 8)
  bytes.writeBigUInt64BE(BigInt(offset), 16)
  bytes.writeUInt32BE(length, 24)
  return bytes
}

/** Exactly so many bytes; rejects when the connection ends first. */
function receiver(socket: Socket): (length: number) => Promise<Buffer> {
  let ended = false
  socket.on('error', () => {})
  socket.once('close', () => {
    ended = true
    socket.emit('readable')
  })
  return async (length) => {
    const pieces: Buffer[] = []
    for (let left = length; left > 0; ) {
      const piece = socket.read(Math.min(left, socket.readableLength || 1)) as Buffer | null
      if (piece) {
        pieces.push(piece)
        left -= piece.length
      } else if (ended) throw new Error('The server closed the connection.')
      else await new Promise((resolve) => socket.once('readable', () => resolve(null)))
    }
    return Buffer.concat(pieces)
  }
}
