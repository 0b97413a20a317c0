import { afterEach, expect, it } from 'vitest'
import { readDirty, readImageBitmap } from '../../../electron/core/nbd/bitmap.ts'
import { NbdClient } from '../../../electron/core/nbd/client.ts'
import { serveImage } from '../../../electron/core/nbd/server.ts'
import { createImage } from '../../../electron/core/qemu-img/index.ts'
import { startQemu } from '../../support/qemu.ts'
import { run } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'

const mebibyte = 1 << 20
const clients: NbdClient[] = []
afterEach(() => {
  for (const client of clients.splice(0)) client.close()
})
const connected = async (...args: Parameters<typeof NbdClient.connect>) => {
  const client = await NbdClient.connect(...args)
  clients.push(client)
  return client
}

/** An image with a bitmap `b` that marks what the writes touch. */
async function marked(path: string, size: number, ...writes: string[]): Promise<string> {
  await createImage(path, size, 'qcow2')
  await run('qemu-img', 'bitmap', '--add', '-g', '65536', path, 'b')
  await run('qemu-io', '-f', 'qcow2', ...writes.flatMap((write) => ['-c', write]), path)
  return path
}

it('tells what a persistent bitmap of an image marks, beside where its data is', async () => {
  using dir = tempDir()
  const path = await marked(dir.file('odd, name:%'), 64 * mebibyte, 'write 1M 64k', 'write 20M 100k', 'discard 40M 1M')
  const expected = [
    { offset: mebibyte, length: 65536 },
    { offset: 20 * mebibyte, length: 131072 },
    { offset: 40 * mebibyte, length: mebibyte },
  ]
  await using server = await serveImage({ path, format: 'qcow2' }, { bitmap: 'b', clients: 2 })
  const client = await connected(server.socketPath, { dirtyBitmap: 'b' })
  expect(await readDirty(client)).toEqual(expected)
  expect(await client.dirtyExtents(mebibyte + 1000, 5000)).toEqual([{ offset: mebibyte + 1000, length: 5000 }])
  expect(await client.dirtyExtents(2 * mebibyte, mebibyte)).toEqual([])
  expect((await client.blockStatus(0, 64 * mebibyte)).filter(({ zero }) => !zero)).toHaveLength(2)
  const plain = await connected(server.socketPath)
  await expect(plain.dirtyExtents(0, mebibyte)).rejects.toThrow('does not tell')
  await client.read(mebibyte, Buffer.alloc(512))
})

it('reads the bitmap of an overlay without its backing file', async () => {
  using dir = tempDir()
  await createImage(dir.file('base'), 8 * mebibyte, 'qcow2')
  await run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', dir.file('base'), '-F', 'qcow2', dir.file('over'))
  await run('qemu-img', 'bitmap', '--add', '-g', '65536', dir.file('over'), 'b')
  await run('qemu-io', '-f', 'qcow2', '-c', 'write 3M 1', dir.file('over'))
  await run('rm', dir.file('base'))
  expect(await readImageBitmap(dir.file('over'), 'b')).toEqual([{ offset: 3 * mebibyte, length: 65536 }])
})

it('says so when the bitmap is not there', async () => {
  using dir = tempDir()
  const path = await marked(dir.file('a'), mebibyte, 'write 0 1')
  await expect(readImageBitmap(path, 'other')).rejects.toMatchObject({ code: 'system/tool-failed' })
  await using server = await serveImage({ path, format: 'qcow2' }, { bitmap: 'b' })
  await expect(NbdClient.connect(server.socketPath, { dirtyBitmap: 'other' })).rejects.toThrow(
    'does not serve the bitmap "other"',
  )
})

it('reads a bitmap past what one question can ask for', async () => {
  using dir = tempDir()
  const size = 9 * 1024 * mebibyte
  const path = await marked(dir.file('large'), size, 'write 0 1', 'write 3g 1', `write ${size - 65536} 64k`)
  const found = await readImageBitmap(path, 'b')
  expect(found.map(({ offset }) => offset)).toEqual([0, 3 * 1024 * mebibyte, size - 65536])
})

it('marks ranges of a bitmap by writing zeroes, and nowhere else', async () => {
  await using qemu = await startQemu()
  const socketPath = qemu.dir.file('nbd')
  const size = 5 * 1024 * mebibyte
  await qemu.monitor.command('blockdev-add', { driver: 'null-co', 'node-name': 'h', size, 'read-zeroes': true })
  await qemu.monitor.command('block-dirty-bitmap-add', { node: 'h', name: 'm', granularity: 65536 })
  await qemu.monitor.command('nbd-server-start', { addr: { type: 'unix', data: { path: socketPath } } })
  const served = { type: 'nbd', 'node-name': 'h', writable: true }
  await qemu.monitor.command('block-export-add', { ...served, id: 'e', name: 'e' })
  const client = await connected(socketPath, { exportName: 'e' })
  expect(client).toMatchObject({ size, canWriteZeroes: true })
  await Promise.all([client.writeZeroes(65536, 1), client.writeZeroes(4096 * mebibyte, 1024 * mebibyte)])
  await expect(client.writeZeroes(size, 65536)).rejects.toMatchObject({ name: 'NbdServerError' })
  client.close()
  const node = (await qemu.monitor.command('query-named-block-nodes')) as { 'dirty-bitmaps'?: { count: number }[] }[]
  expect(node.flatMap((each) => each['dirty-bitmaps'] ?? []).map(({ count }) => count)).toEqual([
    1024 * mebibyte + 65536,
  ])
})
