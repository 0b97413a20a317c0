import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { expect, it } from 'vitest'
import { NbdClient } from '../../../electron/core/nbd/client.ts'
import { serveImage } from '../../../electron/core/nbd/server.ts'
import { createImage } from '../../../electron/core/qemu-img/index.ts'
import { run, until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'

const isAlive = (pid: number) =>
  existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))

it('reads an image in many pieces at once, in whatever order they come back, and knows its holes', async () => {
  using dir = tempDir()
  const path = dir.file(`odd, "name"\n%: 磁`)
  await createImage(path, 64 << 20, 'qcow2')
  await run('qemu-io', '-f', 'qcow2', '-c', 'write -P 1 1M 1M', '-c', 'write -P 2 5M 3M', path)
  await using server = await serveImage({ path, format: 'qcow2' })
  const client = await NbdClient.connect(server.socketPath)
  expect(client).toMatchObject({ size: 64 << 20, knowsZeroes: true })
  const offsets = Array.from({ length: 40 }, (_, at) => at * 250_001)
  const pieces = await Promise.all(
    offsets.map(async (offset) => {
      const into = Buffer.alloc(70_003, 9)
      await client.read(offset, into)
      return into
    }),
  )
  const expected = (at: number) => {
    if (at >= 1 << 20 && at < 2 << 20) return 1
    return at >= 5 << 20 && at < 8 << 20 ? 2 : 0
  }
  offsets.forEach((offset, number) => {
    const wanted = Buffer.from(Array.from({ length: 70_003 }, (_, at) => expected(offset + at)))
    expect(pieces[number]?.equals(wanted), `at ${offset}`).toBe(true)
  })
  const extents = await client.blockStatus(0, 64 << 20)
  expect(extents).toEqual([
    { length: 1 << 20, zero: true },
    { length: 1 << 20, zero: false },
    { length: 3 << 20, zero: true },
    { length: 3 << 20, zero: false },
    { length: 56 << 20, zero: true },
  ])
  await expect(client.read(64 << 20, Buffer.alloc(1))).rejects.toMatchObject({ name: 'NbdServerError' })
  await client.read(0, Buffer.alloc(1))
  client.close()
  await expect(client.read(0, Buffer.alloc(1))).rejects.toMatchObject({ name: 'NbdConnectionError' })
})

it('the server ends with its user, on an abort, and when its client disappears', async () => {
  using dir = tempDir()
  const path = dir.file('a.qcow2')
  await createImage(path, 1 << 20, 'qcow2')
  const image = { path, format: 'qcow2' }
  const server = await serveImage(image)
  expect(isAlive(server.pid)).toBe(true)
  await server[Symbol.asyncDispose]()
  expect(isAlive(server.pid)).toBe(false)
  expect(existsSync(dirname(server.socketPath))).toBe(false)
  await using left = await serveImage(image)
  const client = await NbdClient.connect(left.socketPath)
  client.close()
  await until(() => !isAlive(left.pid), 'qemu-nbd to end after its client')
  await expect(serveImage(image, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'system/interrupted' })
})

it('an image that cannot be opened is refused in the words of the tool', async () => {
  using dir = tempDir()
  writeFileSync(dir.file('junk'), 'junk')
  for (const path of [dir.file('none'), dir.file('junk')]) {
    await expect(serveImage({ path, format: 'qcow2' })).rejects.toMatchObject({
      code: 'system/tool-failed',
      message: expect.stringMatching(/No such file|not in qcow2 format/),
    })
  }
})

it('a server that dies in the middle fails every read that waits', async () => {
  using dir = tempDir()
  const path = dir.file('a.raw')
  await createImage(path, 64 << 20, 'raw')
  await using server = await serveImage({ path, format: 'raw' })
  const client = await NbdClient.connect(server.socketPath)
  const reads = Array.from({ length: 30 }, (_, at) => client.read(at << 20, Buffer.alloc(1 << 20)))
  const results = Promise.allSettled(reads)
  process.kill(server.pid, 'SIGKILL')
  const failed = (await results).filter(({ status }) => status === 'rejected')
  for (const result of failed) expect(result).toMatchObject({ reason: { name: 'NbdConnectionError' } })
  await expect(client.read(0, Buffer.alloc(1))).rejects.toMatchObject({ name: 'NbdConnectionError' })
})

it('a server that stands still is given up, and reading from it fails instead of waiting', async () => {
  using dir = tempDir()
  const path = dir.file('a.raw')
  await createImage(path, 1 << 20, 'raw')
  await using server = await serveImage({ path, format: 'raw' })
  const client = await NbdClient.connect(server.socketPath, { silence: 300 })
  await client.read(0, Buffer.alloc(512))
  process.kill(server.pid, 'SIGSTOP')
  await expect(client.read(0, Buffer.alloc(512))).rejects.toMatchObject({
    name: 'NbdConnectionError',
    message: expect.stringContaining('said nothing'),
  })
})

it('a server whose Floe is killed before it connects ends too, and leaves no folder', async () => {
  using dir = tempDir()
  const path = dir.file('a.raw')
  await createImage(path, 1 << 20, 'raw')
  const script = `import { serveImage } from ${JSON.stringify(new URL('../../../electron/core/nbd/server.ts', import.meta.url).href)}
    const server = await serveImage({ path: ${JSON.stringify(path)}, format: 'raw' })
    console.log(JSON.stringify({ pid: server.pid, socketPath: server.socketPath }))
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const line = await new Promise<string>((resolve) => child.stdout.once('data', (data) => resolve(String(data))))
  const server = JSON.parse(line) as { pid: number; socketPath: string }
  expect(isAlive(server.pid)).toBe(true)
  child.kill('SIGKILL')
  await until(() => !isAlive(server.pid), 'qemu-nbd to end after Floe')
  await until(() => !existsSync(dirname(server.socketPath)), 'its folder to go')
})

/** A server of the test's own: `answer` gets what the client sent and writes what it likes. */
async function fakeServer(path: string, answer: (socket: Socket, received: Buffer) => void) {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.write(Buffer.from('4e42444d4147494349484156454f50540003', 'hex'))
    socket.on('data', (data: Buffer) => answer(socket, data))
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return {
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

const optionReply = (option: number, type: number, data = '') =>
  Buffer.concat([
    Buffer.from('0003e889045565a9', 'hex'),
    Buffer.from([0, 0, 0, option]),
    Buffer.from([type >>> 24, (type >> 16) & 255, (type >> 8) & 255, type & 255]),
    Buffer.from([0, 0, 0, data.length / 2]),
    Buffer.from(data, 'hex'),
  ])

/** Answers options like a server that knows nothing but NBD_OPT_GO, and reads with simple replies. */
function simpleServer(onRequest: (socket: Socket, request: Buffer) => void) {
  let pending = Buffer.alloc(0)
  let flagsSeen = false
  return (socket: Socket, received: Buffer) => {
    pending = Buffer.concat([pending, received])
    if (!flagsSeen && pending.length >= 4) {
      flagsSeen = true
      pending = pending.subarray(4)
    }
    for (;;) {
      if (pending.length >= 16 && pending.toString('latin1', 0, 8) === 'IHAVEOPT') {
        const option = pending.readUInt32BE(8)
        pending = pending.subarray(16 + pending.readUInt32BE(12))
        if (option !== 7) socket.write(optionReply(option, 0x80000001))
        else {
          socket.write(optionReply(7, 3, `0000${(1 << 20).toString(16).padStart(16, '0')}0003`))
          socket.write(optionReply(7, 1))
        }
      } else if (pending.length >= 28 && pending.readUInt32BE(0) === 0x25609513) {
        onRequest(socket, pending.subarray(0, 28))
        pending = pending.subarray(28)
      } else return
    }
  }
}

function simpleReply(request: Buffer, errno: number, data = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(16)
  head.writeUInt32BE(0x67446698, 0)
  head.writeUInt32BE(errno, 4)
  request.copy(head, 8, 8, 16)
  return Buffer.concat([head, data])
}

it('a server without structured replies is read with simple ones, errors included', async () => {
  using dir = tempDir()
  const path = dir.file('s')
  using _server = await fakeServer(
    path,
    simpleServer((socket, request) => {
      const offset = Number(request.readBigUInt64BE(16))
      const length = request.readUInt32BE(24)
      socket.write(
        offset === 4096 ? simpleReply(request, 5) : simpleReply(request, 0, Buffer.alloc(length, offset / 512)),
      )
    }),
  )
  const client = await NbdClient.connect(path)
  expect(client).toMatchObject({ size: 1 << 20, knowsZeroes: false })
  const [a, b] = [Buffer.alloc(1000), Buffer.alloc(2000)]
  const failing = expect(client.read(4096, Buffer.alloc(10))).rejects.toMatchObject({
    errno: 5,
    message: expect.stringMatching(/EIO/),
  })
  await Promise.all([client.read(512, a), client.read(1024, b), failing])
  expect([a.every((byte) => byte === 1), b.every((byte) => byte === 2)]).toEqual([true, true])
  client.close()
})

it('a server that answers nonsense ends the connection instead of yielding data', async () => {
  using dir = tempDir()
  const nonsense = [
    (socket: Socket) => socket.write(Buffer.alloc(64, 0x55)),
    (socket: Socket, request: Buffer) => {
      const wrong = Buffer.from(request)
      wrong.writeUInt32BE(999, 12)
      socket.write(simpleReply(wrong, 0, Buffer.alloc(10)))
    },
    (socket: Socket) => socket.destroy(),
  ]
  for (const [number, answer] of nonsense.entries()) {
    const path = dir.file(`s${number}`)
    using _server = await fakeServer(path, simpleServer(answer))
    const client = await NbdClient.connect(path)
    await expect(client.read(0, Buffer.alloc(10))).rejects.toMatchObject({ name: 'NbdConnectionError' })
  }
})

it('something that is no NBD server is recognised', async () => {
  using dir = tempDir()
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.write('{"QMP": {"version": {}}}\r\n')
  })
  await new Promise<void>((resolve) => server.listen(dir.file('s'), resolve))
  await expect(NbdClient.connect(dir.file('s'))).rejects.toThrow('not an NBD server')
  server.close()
  await expect(NbdClient.connect(dir.file('none'))).rejects.toMatchObject({ name: 'NbdConnectionError' })
})
