import { createServer, type Socket } from 'node:net'

export interface Asked {
  readonly type: number
  readonly offset: number
  readonly length: number
}

/** How a fake server answers one request: an error number, or chunks of block status by context id. */
export type Answer = number | readonly { readonly context: number; readonly runs: readonly (readonly number[])[] }[]

export interface Contexts {
  readonly [name: string]: number
}

const numbers = (...values: readonly number[]) => {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, at * 4)
  return bytes
}

const optionReply = (option: number, type: number, data = Buffer.alloc(0)) =>
  Buffer.concat([Buffer.from('0003e889045565a9', 'hex'), numbers(option, type, data.length), data])

const chunk = (cookie: Buffer, type: number, done: boolean, data: Buffer) =>
  Buffer.concat([numbers(0x668e33ef, ((done ? 1 : 0) << 16) | type), cookie, numbers(data.length), data])

/** An NBD server of the test's own, with structured replies: it knows these contexts and answers what it is told to. */
export async function fakeServer(
  path: string,
  server: {
    readonly size: number
    readonly flags: number
    readonly contexts: Contexts
    readonly answer: (asked: Asked) => Answer
  },
): Promise<Disposable> {
  const sockets: Socket[] = []
  const listening = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.write(Buffer.from('4e42444d4147494349484156454f50540003', 'hex'))
    let pending = Buffer.alloc(0)
    let greeted = false
    const option = (code: number, data: Buffer) => {
      if (code === 10) {
        for (const [name, id] of Object.entries(server.contexts)) {
          if (data.includes(name)) socket.write(optionReply(10, 4, Buffer.concat([numbers(id), Buffer.from(name)])))
        }
      }
      if (code === 7) {
        const info = Buffer.alloc(12)
        info.writeBigUInt64BE(BigInt(server.size), 2)
        info.writeUInt16BE(server.flags, 10)
        socket.write(optionReply(7, 3, info))
      }
      socket.write(optionReply(code, 1))
    }
    const request = (bytes: Buffer) => {
      const cookie = Buffer.from(bytes.subarray(8, 16))
      const answer = server.answer({
        type: bytes.readUInt16BE(6),
        offset: Number(bytes.readBigUInt64BE(16)),
        length: bytes.readUInt32BE(24),
      })
      if (typeof answer === 'number') {
        const data = Buffer.concat([numbers(answer), Buffer.alloc(2)])
        socket.write(answer === 0 ? chunk(cookie, 0, true, Buffer.alloc(0)) : chunk(cookie, 0x8001, true, data))
        return
      }
      answer.forEach(({ context, runs }, at) => {
        socket.write(chunk(cookie, 5, at === answer.length - 1, numbers(context, ...runs.flat())))
      })
    }
    socket.on('data', (data: Buffer) => {
      pending = Buffer.concat([pending, data])
      for (;;) {
        if (!greeted && pending.length >= 4) {
          greeted = true
          pending = pending.subarray(4)
        } else if (pending.length >= 16 && pending.toString('latin1', 0, 8) === 'IHAVEOPT') {
          const size = 16 + pending.readUInt32BE(12)
          if (pending.length < size) return
          option(pending.readUInt32BE(8), pending.subarray(16, size))
          pending = pending.subarray(size)
        } else if (pending.length >= 28 && pending.readUInt32BE(0) === 0x25609513) {
          request(pending.subarray(0, 28))
          pending = pending.subarray(28)
        } else return
      }
    })
  })
  await new Promise<void>((resolve) => listening.listen(path, resolve))
  return {
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy()
      listening.close()
    },
  }
}
