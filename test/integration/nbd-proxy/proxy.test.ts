import { connect } from 'node:net'
import fc from 'fast-check'
import { afterEach, expect, it } from 'vitest'
import { NbdClient } from '../../../electron/core/nbd/client.ts'
import { type NbdServer, serveImage } from '../../../electron/core/nbd/server.ts'
import { startNbdProxy } from '../../../electron/core/nbd-proxy/proxy.ts'
import { createImage } from '../../../electron/core/qemu-img/index.ts'
import { run, until } from '../../support/run.ts'
import { request, simpleReader } from '../../support/simple-nbd-reader.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'

const size = 24 * (1 << 20) + 5 * 4096
const bitmap = 'b'

interface Stretch {
  readonly offset: number
  readonly length: number
  readonly pattern: number
}

/** Data between holes, on and off the borders of clusters. */
const written: readonly Stretch[] = [
  { offset: 0, length: 1 << 20, pattern: 1 },
  { offset: (1 << 20) + 4096, length: 65536 * 3, pattern: 2 },
  { offset: 6 << 20, length: 7 << 20, pattern: 3 },
  { offset: (20 << 20) + 60 * 1024, length: 8192, pattern: 4 },
  { offset: size - 4096, length: 4096, pattern: 5 },
]
const content = Buffer.alloc(size)
for (const { offset, length, pattern } of written) content.fill(pattern, offset, offset + length)

interface Served extends AsyncDisposable {
  readonly dir: TempDir
  readonly upstream: NbdServer
  readonly socketPath: string
}

async function served(): Promise<Served> {
  const dir = tempDir('fp-')
  const path = dir.file('a.qcow2')
  await createImage(path, size, 'qcow2')
  await run('qemu-img', 'bitmap', '--add', '-g', '65536', path, bitmap)
  const writes = written.flatMap(({ offset, length, pattern }) => ['-c', `write -P ${pattern} ${offset} ${length}`])
  await run('qemu-io', '-f', 'qcow2', ...writes, path)
  const upstream = await serveImage({ path, format: 'qcow2' }, { clients: 20, bitmap })
  // It ends with its last reader.
  const staying = await NbdClient.connect(upstream.socketPath)
  const socketPath = dir.file('front')
  const exports = [{ name: '', dirtyBitmap: bitmap }]
  const proxy = await startNbdProxy({ socketPath, upstreamPath: upstream.socketPath, exports })
  return {
    dir,
    upstream,
    socketPath,
    [Symbol.asyncDispose]: async () => {
      await proxy.close()
      staying.close()
      await upstream[Symbol.asyncDispose]()
      dir[Symbol.dispose]()
    },
  }
}

const clients: NbdClient[] = []
afterEach(() => {
  for (const client of clients.splice(0)) client.close()
})
async function reader(socketPath: string): Promise<NbdClient> {
  const client = await NbdClient.connect(socketPath, { dirtyBitmap: bitmap })
  clients.push(client)
  return client
}

async function read(client: NbdClient, offset: number, length: number): Promise<Buffer> {
  const into = Buffer.alloc(length, 0xee)
  await client.read(offset, into)
  return into
}

/** Which bytes are told to be zeroes, from block status asked again and again up to the end of the range. */
async function zeroesOf(client: NbdClient, offset: number, length: number): Promise<[number, number, boolean][]> {
  const found: [number, number, boolean][] = []
  for (let at = offset; at < offset + length; ) {
    const runs = await client.blockStatus(at, offset + length - at)
    expect(runs.length).toBeGreaterThan(0)
    for (const { length: run, zero } of runs) {
      const next = Math.min(at + run, offset + length)
      const last = found.at(-1)
      if (last?.[2] === zero) last[1] = next
      else found.push([at, next, zero])
      at = next
    }
  }
  return found
}

const range = fc
  .tuple(fc.integer({ min: 0, max: size - 1 }), fc.integer({ min: 1, max: size }))
  .map(([offset, length]) => ({ offset, length: Math.min(length, size - offset) }))

it('any reads and questions, many at once, are answered as the server behind would answer them', async () => {
  await using front = await served()
  const [through, direct] = [await reader(front.socketPath), await reader(front.upstream.socketPath)]
  using simple = await simpleReader(front.socketPath, '')
  await fc.assert(
    fc.asyncProperty(fc.array(range, { minLength: 1, maxLength: 12 }), async (ranges) => {
      const small = ranges.map(({ offset, length }) => ({ offset, length: Math.min(length, 3 << 20) }))
      const got = await Promise.all(small.map(({ offset, length }) => read(through, offset, length)))
      const right = small.map(({ offset, length }, index) =>
        got[index]?.equals(content.subarray(offset, offset + length)),
      )
      expect(right).toEqual(small.map(() => true))
      const told = await Promise.all(ranges.map(({ offset, length }) => zeroesOf(through, offset, length)))
      const expected = await Promise.all(ranges.map(({ offset, length }) => zeroesOf(direct, offset, length)))
      expect(told).toEqual(expected)
      const dirty = await Promise.all(ranges.map(({ offset, length }) => through.dirtyExtents(offset, length)))
      expect(dirty).toEqual(await Promise.all(ranges.map(({ offset, length }) => direct.dirtyExtents(offset, length))))
      const { offset, length } = small[0] as { offset: number; length: number }
      expect((await simple.read(offset, length)).equals(content.subarray(offset, offset + length))).toBe(true)
    }),
    { numRuns: 25 },
  )
})

it('the largest read there may be is answered whole, a larger one and nonsense are refused, and the reader goes on', async () => {
  await using front = await served()
  const client = await reader(front.socketPath)
  expect((await read(client, 0, size)).equals(content)).toBe(true)
  const refused = { errno: 22 }
  await expect(read(client, size - 10, 20)).rejects.toMatchObject(refused)
  await expect(client.read(0, Buffer.alloc((32 << 20) + 1))).rejects.toMatchObject(refused)
  await expect(client.blockStatus(size, 10)).rejects.toMatchObject(refused)
  await expect(client.writeZeroes(0, 10)).rejects.toMatchObject({ errno: 1 })
  using simple = await simpleReader(front.socketPath, '')
  expect(await simple.ask(3, 0, 0)).toBe(0)
  expect(await simple.ask(99, 0, 0)).toBe(22)
  expect(await simple.ask(7, 0, 4096)).toBe(22)
  simple.socket.write(Buffer.concat([request(1, 0, 70_000), Buffer.alloc(70_000)]))
  expect(await simple.ask(3, 0, 0)).toBe(1)
  expect((await read(client, 0, 4096)).equals(content.subarray(0, 4096))).toBe(true)
})

it('two readers at once, one with 64 requests under way: each gets its own', async () => {
  await using front = await served()
  const [one, two] = [await reader(front.socketPath), await reader(front.socketPath)]
  const piece = 300_000
  const offsets = Array.from({ length: 64 }, (_, index) => (index * 377_777) % (size - piece))
  const [many, copy] = await Promise.all([
    Promise.all(offsets.map((offset) => read(one, offset, piece))),
    read(two, 0, 20 << 20),
  ])
  expect(
    many.map((bytes, index) => bytes.equals(content.subarray(offsets[index], (offsets[index] ?? 0) + piece))),
  ).toEqual(offsets.map(() => true))
  expect(copy.equals(content.subarray(0, 20 << 20))).toBe(true)
})

it('a reader that takes nothing, one that vanishes and one that talks nonsense cost the others nothing', async () => {
  await using front = await served()
  const before = process.memoryUsage().arrayBuffers
  using slow = await simpleReader(front.socketPath, '')
  slow.socket.pause()
  for (let index = 0; index < 500; index += 1) slow.socket.write(request(0, 0, 20 << 20))
  const vanishing = await simpleReader(front.socketPath, '')
  for (let index = 0; index < 40; index += 1) vanishing.socket.write(request(0, 0, 20 << 20))
  vanishing.socket.destroy()
  const ended: boolean[] = []
  for (const nonsense of ['GET / HTTP/1.1\r\n\r\n', '\0\0\0\x03IHAVEOPT\0\0\0\x07\xff\xff\xff\xff']) {
    const socket = connect(front.socketPath)
    socket.on('error', () => {})
    socket.once('close', () => ended.push(true))
    socket.resume().write(Buffer.from(nonsense, 'latin1'))
  }
  using broken = await simpleReader(front.socketPath, '')
  broken.socket.once('close', () => ended.push(true))
  broken.socket.write(Buffer.alloc(28, 0x41))
  const client = await reader(front.socketPath)
  expect((await read(client, 0, size)).equals(content)).toBe(true)
  await until(() => ended.length === 3, 'the nonsense to be hung up on')
  // Of 10 GiB that were asked for.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 << 20)
})

it('a name that is not served is refused, and what is served is listed with what it tells about', async () => {
  await using front = await served()
  await expect(NbdClient.connect(front.socketPath, { exportName: 'other' })).rejects.toMatchObject({ errno: 6 })
  await expect(NbdClient.connect(front.socketPath, { dirtyBitmap: 'c' })).rejects.toThrow('does not serve')
  const list = JSON.parse(await run('nbdinfo', '--json', '--list', `nbd+unix:///?socket=${front.socketPath}`))
  expect(list.exports).toMatchObject([
    {
      'export-name': '',
      'export-size': size,
      is_read_only: true,
      can_multi_conn: true,
      contexts: ['base:allocation', `qemu:dirty-bitmap:${bitmap}`],
      block_size_maximum: 32 << 20,
    },
  ])
})

it('the end of the server behind is the end of every reader', async () => {
  await using front = await served()
  const idle = await reader(front.socketPath)
  const ended = new Promise<void>((resolve) => {
    idle.onEnd = resolve
  })
  using simple = await simpleReader(front.socketPath, '')
  process.kill(front.upstream.pid, 'SIGKILL')
  await ended
  await expect(simple.read(0, 4096)).rejects.toThrow('closed')
  await expect(NbdClient.connect(front.socketPath)).rejects.toThrow('NBD server')
})
