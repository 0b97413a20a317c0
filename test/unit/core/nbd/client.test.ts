import { expect, it } from 'vitest'
import { readDirty } from '../../../../electron/core/nbd/bitmap.ts'
import { NbdClient } from '../../../../electron/core/nbd/client.ts'
import { tempDir } from '../../../support/temp.ts'
import { type Answer, type Asked, fakeServer } from './fake-server.ts'

const contexts = { 'base:allocation': 7, 'qemu:dirty-bitmap:mine': 9 }
const readOnly = 1 | 2
const writable = 1 | (1 << 6)

it('dirty extents are those of the bitmap, also when the server answers in several steps and touches its neighbours', async () => {
  using dir = tempDir()
  const answers: Record<number, Answer> = {
    0: [
      { context: 7, runs: [[4096, 3]] },
      {
        context: 9,
        runs: [
          [100, 0],
          [200, 1],
          [300, 1],
        ],
      },
    ],
    600: [{ context: 9, runs: [[400, 1]] }],
    1000: [
      {
        context: 9,
        runs: [
          [3000, 0],
          [9999, 1],
        ],
      },
    ],
  }
  const answer = ({ offset }: Asked): Answer => answers[offset] ?? 22
  using _server = await fakeServer(dir.file('s'), { size: 4096, flags: readOnly, contexts, answer })
  const client = await NbdClient.connect(dir.file('s'), { dirtyBitmap: 'mine' })
  expect(client).toMatchObject({ knowsZeroes: true, canWriteZeroes: false })
  expect(await readDirty(client)).toEqual([
    { offset: 100, length: 900 },
    { offset: 4000, length: 96 },
  ])
  expect(await client.blockStatus(0, 4096)).toEqual([{ length: 4096, zero: true }])
  client.close()
})

it('a server that tells nothing, or tells about what nobody asked for, is no source of dirty extents', async () => {
  using dir = tempDir()
  const wrong: Answer[] = [0, [{ context: 1, runs: [[4096, 0]] }], [{ context: 9, runs: [[0, 1]] }], 5]
  for (const [number, answer] of wrong.entries()) {
    const path = dir.file(`s${number}`)
    using _server = await fakeServer(path, { size: 4096, flags: readOnly, contexts, answer: () => answer })
    const client = await NbdClient.connect(path, { dirtyBitmap: 'mine' })
    await expect(readDirty(client)).rejects.toThrow()
    client.close()
  }
})

it('a server without the bitmap is refused at once', async () => {
  using dir = tempDir()
  using _server = await fakeServer(dir.file('s'), {
    size: 4096,
    flags: readOnly,
    contexts: { 'base:allocation': 7 },
    answer: () => 0,
  })
  await expect(NbdClient.connect(dir.file('s'), { dirtyBitmap: 'mine' })).rejects.toMatchObject({
    name: 'NbdConnectionError',
    message: 'The NBD server does not serve the bitmap "mine".',
  })
})

it('zeroes are written where the server allows it, and its refusals are told', async () => {
  using dir = tempDir()
  const asked: Asked[] = []
  const answer = (one: Asked): Answer => {
    asked.push(one)
    return one.offset === 8192 ? 28 : 0
  }
  using _server = await fakeServer(dir.file('s'), { size: 1 << 20, flags: writable, contexts, answer })
  const client = await NbdClient.connect(dir.file('s'))
  expect(client.canWriteZeroes).toBe(true)
  await client.writeZeroes(4096, 65536)
  await expect(client.writeZeroes(8192, 1)).rejects.toMatchObject({ name: 'NbdServerError', errno: 28 })
  expect(asked.slice(0, 2)).toEqual([
    { type: 6, offset: 4096, length: 65536 },
    { type: 6, offset: 8192, length: 1 },
  ])
  client.close()
})
