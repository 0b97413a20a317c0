import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { NbdClient } from '../../../electron/core/nbd/client.ts'
import { createImage, startQemu, type TestQemu } from '../../support/qemu.ts'
import { simpleReader } from '../../support/simple-nbd-reader.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'
import { trackedPoints } from './tracked-point.ts'
import { exportWorld, leftIn, tool } from './world.ts'

const mebibyte = 1 << 20
const dataBytes = 14 * mebibyte
/** Its last cluster is not a whole one. */
const size = 16 * mebibyte + 36_864

const instant = Buffer.concat([Buffer.alloc(dataBytes, 0x11), Buffer.alloc(size - dataBytes)])

async function guestWrites(qemu: TestQemu, ...commands: string[]): Promise<void> {
  for (const command of commands) {
    const answer = await qemu.monitor.hmp(`qemu-io -d /machine/peripheral/vda/virtio-backend "${command}"`)
    expect(answer).not.toMatch(/error|failed|not permitted|cannot|invalid/i)
  }
}

/** Which clusters are not what they were at the instant. */
function wrongClusters(content: Buffer): number[] {
  expect(content.length).toBe(size)
  const starts = Array.from({ length: Math.ceil(size / 65536) }, (_, index) => index * 65536)
  const differs = (at: number) => !content.subarray(at, at + 65536).equals(instant.subarray(at, at + 65536))
  return starts.filter(differs).map((at) => at / 65536)
}

interface Place {
  readonly socketPath: string
  readonly exportName: string
  readonly uri: string
}

/** What every kind of reader gets wrong. */
async function wrongWith({ socketPath, exportName, uri }: Place, dir: TempDir): Promise<Record<string, unknown>> {
  const copied = async (name: string, ...command: string[]) => {
    await tool(command[0] as string, [...command.slice(1), dir.file(name)])
    return wrongClusters(readFileSync(dir.file(name)))
  }
  const client = await NbdClient.connect(socketPath, { exportName })
  const read = Buffer.alloc(size)
  await client.read(0, read)
  client.close()
  using simple = await simpleReader(socketPath, exportName)
  const steps = []
  for (let at = 0; at < size; at += mebibyte) steps.push(await simple.read(at, Math.min(mebibyte, size - at)))
  const map = JSON.parse(await tool('nbdinfo', ['--map', '--json', uri])) as {
    readonly offset: number
    readonly length: number
    readonly type: number
  }[]
  // What is told to be data may be zeroes as well; never the other way.
  const told = Buffer.from(instant)
  for (const { offset, length } of map.filter(({ type }) => (type & 2) !== 0)) told.fill(0, offset, offset + length)
  return {
    nbdcopy: await copied('a', 'nbdcopy', uri),
    'nbdcopy without extents': await copied('b', 'nbdcopy', '--no-extents', uri),
    'nbdcopy over one connection': await copied('c', 'nbdcopy', '--connections=1', uri),
    'qemu-img convert': await copied('d', 'qemu-img', 'convert', '-f', 'raw', '-O', 'raw', uri),
    'one read of everything': wrongClusters(read),
    'simple replies': wrongClusters(Buffer.concat(steps)),
    'nbdinfo --map': wrongClusters(told),
  }
}

const nothingWrong = {
  nbdcopy: [],
  'nbdcopy without extents': [],
  'nbdcopy over one connection': [],
  'qemu-img convert': [],
  'one read of everything': [],
  'simple replies': [],
  'nbdinfo --map': [],
}

async function writtenMachine() {
  const dir = tempDir('fx-')
  const path = await createImage(dir.file('a.qcow2'), size)
  // Stopped: only the test writes.
  const qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }] })
  await qemu.write('vda', 0, dataBytes, 0x11)
  return {
    dir,
    qemu,
    [Symbol.asyncDispose]: async () => {
      await qemu[Symbol.asyncDispose]()
      dir[Symbol.dispose]()
    },
  }
}

it('whatever the guest overwrites, zeroes or discards, every reader gets the instant and nothing else', async () => {
  await using machine = await writtenMachine()
  const { qemu, dir } = machine
  await using world = await exportWorld()
  const held = await world.held(await world.machine(qemu.qmpPath))
  const place = { socketPath: held.place.socketPath, ...(held.place.disks[0] as { exportName: string; uri: string }) }
  expect(await wrongWith(place, dir)).toEqual(nothingWrong)
  await guestWrites(qemu, 'write -P 0x99 320k 64k', 'write -P 0x99 640k 4k')
  expect(await wrongWith(place, dir)).toEqual(nothingWrong)
  await guestWrites(qemu, 'write -z 1M 1M', 'write -z 2560k 64k', 'write -zu 4M 192k', 'discard 6M 1M')
  expect(await wrongWith(place, dir)).toEqual(nothingWrong)
  await guestWrites(qemu, 'write -P 0x77 14400k 100k', 'write -P 0x66 13M 2M', 'write -P 0x55 16M 36k')
  expect(await wrongWith(place, dir)).toEqual(nothingWrong)
  await world.board.cancel(held.id)
  expect((await world.board.whenFinal(held.id)).state.kind).toBe('cancelled')
  expect(await leftIn(qemu.monitor)).toEqual([])
  expect(world.files()).toEqual([])
})

it('readers that are also told of changes get the instant as well', async () => {
  await using machine = await writtenMachine()
  const { qemu, dir } = machine
  await using points = await trackedPoints()
  await using world = await exportWorld({ points: points.repository })
  const known = await world.machine(qemu.qmpPath)
  const point = await points.track(qemu.monitor, known.id, 'vda', { virtualSize: size })
  await qemu.write('vda', '3M', '64k', 0x11)
  const held = await world.held(known, { since: point.id })
  await guestWrites(qemu, 'write -P 0x99 320k 64k', 'write -z 1M 1M')
  const disk = held.place.disks[0] as { exportName: string; uri: string; sinceBitmap: string }
  expect(await wrongWith({ socketPath: held.place.socketPath, ...disk }, dir)).toEqual(nothingWrong)
  const both = `--map=qemu:dirty-bitmap:${disk.sinceBitmap}`
  const map = JSON.parse(await tool('nbdinfo', [both, '--json', disk.uri])) as { offset: number; type: number }[]
  expect(map.filter(({ type }) => type === 1)).toMatchObject([{ offset: 3 * mebibyte, length: 65536 }])
  expect(await tool('nbdinfo', ['--list', `nbd+unix:///?socket=${held.place.socketPath}`])).toContain(disk.sinceBitmap)
})
