import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { exportUri } from '../../../electron/core/export/naming.ts'
import { NbdClient } from '../../../electron/core/nbd/client.ts'
import { smallVolume } from '../../support/backup-world.ts'
import { brittleVolume } from '../../support/brittle-volume.ts'
import { startKeyGuest, writeBootDisk } from '../../support/key-guest.ts'
import { createImage, startQemu, type TestQemu } from '../../support/qemu.ts'
import { until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'
import { exportWorld, filesIn, leftIn, serverIsFree, tool } from './world.ts'

const quickly = { firstMs: 300, lastMs: 200 }

async function machineWith(...ids: string[]) {
  const dir = tempDir()
  const disks = []
  for (const id of ids) {
    disks.push({ id, path: await createImage(dir.file(`${id}.qcow2`), '64M'), format: 'qcow2' as const })
  }
  const qemu = await startQemu({ disks, run: true })
  return {
    dir,
    qemu,
    [Symbol.asyncDispose]: async () => {
      await qemu[Symbol.asyncDispose]()
      dir[Symbol.dispose]()
    },
  }
}

async function nothingLeft(qemu: TestQemu, world: { files(): string[] }): Promise<void> {
  expect(await leftIn(qemu.monitor)).toEqual([])
  expect(world.files()).toEqual([])
}

it('an export that nobody holds ends by itself', async () => {
  await using machine = await machineWith('vda')
  await using world = await exportWorld({ holdLimits: quickly })
  const id = await world.start(await world.machine(machine.qemu.qmpPath))
  expect((await world.board.whenFinal(id)).state.kind).toBe('cancelled')
  await nothingLeft(machine.qemu, world)
})

it('an export lasts while anybody holds it, and ends some time after the last one left', async () => {
  await using machine = await machineWith('vda')
  await using world = await exportWorld({ holdLimits: quickly })
  const held = await world.held(await world.machine(machine.qemu.qmpPath))
  const second = new AbortController()
  const other = world.exports.hold(held.id, second.signal)
  held.letGo()
  await held.hold
  const client = await NbdClient.connect(held.place.socketPath, { exportName: held.place.disks[0]?.exportName ?? '' })
  const deadline = performance.now() + 4 * quickly.lastMs
  while (performance.now() < deadline) await client.read(0, new Uint8Array(512))
  expect(world.board.get(held.id).state.kind).toBe('holding')
  second.abort()
  await other
  expect((await world.board.whenFinal(held.id)).state.kind).toBe('cancelled')
  await expect(client.read(0, new Uint8Array(512))).rejects.toThrow(/NBD server/)
  await nothingLeft(machine.qemu, world)
})

it('who lets go while it is still being made leaves nothing either', async () => {
  await using machine = await machineWith('vda', 'vdb')
  await using world = await exportWorld({ holdLimits: { firstMs: 300, lastMs: 0 } })
  const id = await world.start(await world.machine(machine.qemu.qmpPath))
  await world.exports.hold(id, AbortSignal.abort())
  expect((await world.board.whenFinal(id)).state.kind).toBe('cancelled')
  await nothingLeft(machine.qemu, world)
})

it('all disks are served under their names with their sizes, and tell where they are empty', async () => {
  await using machine = await machineWith('vda', 'vdb')
  await using world = await exportWorld()
  await machine.qemu.write('vdb', '8M', '4M', 3)
  const held = await world.held(await world.machine(machine.qemu.qmpPath))
  expect(held.place.disks.map(({ diskId, size }) => [diskId, size])).toEqual([
    ['n-vda', 64 << 20],
    ['n-vdb', 64 << 20],
  ])
  const maps = await Promise.all(held.place.disks.map(({ uri }) => tool('nbdinfo', ['--map', '--json', uri])))
  const data = maps.map((text) =>
    (JSON.parse(text) as { offset: number; length: number; type: number }[]).filter(({ type }) => type === 0),
  )
  expect(data).toMatchObject([[], [{ offset: 8 << 20, length: 4 << 20 }]])
  const image = JSON.stringify({
    driver: 'raw',
    file: { driver: 'nbd', export: 'n-vdb', server: { type: 'unix', path: held.place.socketPath } },
  })
  const map = JSON.parse(await tool('qemu-img', ['map', '--output=json', `json:${image}`])) as {
    data: boolean
    start: number
  }[]
  expect(map.filter((part) => part.data)).toMatchObject([{ start: 8 << 20 }])
  await expect(tool('qemu-io', ['-f', 'raw', '-c', 'write 0 512', held.place.disks[0]?.uri ?? ''])).rejects.toThrow(
    /Permission denied/,
  )
})

it('an NBD server of somebody else is named, and left alone', async () => {
  await using machine = await machineWith('vda')
  await using world = await exportWorld()
  const { monitor } = machine.qemu
  await monitor.command('nbd-server-start', { addr: { type: 'unix', data: { path: machine.dir.file('theirs') } } })
  await monitor.command('block-export-add', { type: 'nbd', id: 'their-export', 'node-name': 'n-vda', name: 'x' })
  const id = await world.start(await world.machine(machine.qemu.qmpPath))
  const job = await world.board.whenFinal(id)
  expect(job.state).toMatchObject({ kind: 'failed', problem: { code: 'export/nbd-server-taken' } })
  expect(JSON.stringify(job.state)).toContain('their-export')
  await nothingLeft(machine.qemu, world)
  expect(await monitor.command('query-block-exports')).toMatchObject([{ id: 'their-export' }])
  expect(existsSync(machine.dir.file('theirs'))).toBe(true)
})

it('an export that somebody else put on our server keeps it running', async () => {
  await using machine = await machineWith('vda')
  await using world = await exportWorld()
  const held = await world.held(await world.machine(machine.qemu.qmpPath))
  const theirs = { type: 'nbd', id: 'their-export', 'node-name': 'n-vda', name: 'x' }
  await machine.qemu.monitor.command('block-export-add', theirs)
  await world.board.cancel(held.id)
  await world.board.whenFinal(held.id)
  expect(await machine.qemu.monitor.command('query-block-exports')).toMatchObject([{ id: 'their-export' }])
  expect(await leftIn(machine.qemu.monitor)).toEqual([])
  // Their readers come through the socket that QEMU got from us, the only one that is left.
  const folder = dirname(held.place.socketPath)
  const [socket = '', ...others] = filesIn(folder)
  expect(others).toEqual([])
  expect(await tool('nbdinfo', ['--size', exportUri(join(folder, socket), 'x')])).toBe(`${64 << 20}\n`)
})

it('a second export of the machine waits until the first one is over', async () => {
  await using machine = await machineWith('vda')
  await using world = await exportWorld()
  const known = await world.machine(machine.qemu.qmpPath)
  const first = await world.held(known)
  const second = await world.start(known)
  expect(world.board.get(second).state).toEqual({ kind: 'queued', position: 1, blockedBy: first.id })
  void world.exports.hold(second, new AbortController().signal)
  await world.board.cancel(first.id)
  await world.reach(second, 'holding')
})

it("another program's copy job on the machine is named, and nothing is begun", async () => {
  await using machine = await machineWith('vda')
  await using world = await exportWorld()
  const { monitor } = machine.qemu
  const target = await createImage(machine.dir.file('theirs.qcow2'), '64M')
  await monitor.command('blockdev-add', {
    driver: 'qcow2',
    'node-name': 'theirs',
    file: { driver: 'file', filename: target },
  })
  await monitor.command('blockdev-mirror', {
    'job-id': 'their-mirror',
    device: 'n-vda',
    target: 'theirs',
    sync: 'full',
  })
  await expect(world.start(await world.machine(machine.qemu.qmpPath))).rejects.toMatchObject({
    code: 'export/job-clash',
    message: expect.stringContaining('their-mirror'),
  })
  await nothingLeft(machine.qemu, world)
})

it('a machine with I/O threads is refused before anything is done: filters on its disks could crash QEMU', async () => {
  using dir = tempDir()
  const disks = [{ id: 'vda', path: await createImage(dir.file('a.qcow2'), '64M'), format: 'qcow2' as const }]
  const thread = ['-object', 'iothread,id=io0', '-global', 'virtio-blk-device.iothread=io0']
  await using qemu = await startQemu({ disks, args: thread })
  await using world = await exportWorld()
  await expect(world.start(await world.machine(qemu.qmpPath))).rejects.toMatchObject({
    code: 'export/not-possible',
    message: expect.stringContaining('I/O threads'),
  })
  await nothingLeft(qemu, world)
})

it('a reader that hangs or is killed does not keep the export from ending', async () => {
  await using machine = await machineWith('vda')
  await using world = await exportWorld()
  await machine.qemu.write('vda', 0, '60M', 9)
  const held = await world.held(await world.machine(machine.qemu.qmpPath))
  const uri = held.place.disks[0]?.uri ?? ''
  const readers = [1, 2].map(() => spawn('nbdcopy', [uri, '-'], { stdio: ['ignore', 'pipe', 'inherit'] }))
  // Nobody reads their pipes: both stand in the middle of the disk.
  for (const reader of readers) await once(reader.stdout, 'readable')
  readers[0]?.kill('SIGKILL')
  await world.board.cancel(held.id)
  expect((await world.board.whenFinal(held.id)).state.kind).toBe('cancelled')
  await nothingLeft(machine.qemu, world)
  readers[1]?.kill('SIGKILL')
})

it('a QEMU that ends takes the export with it: the holder is told, and no file stays', async () => {
  await using machine = await machineWith('vda')
  await using world = await exportWorld()
  const held = await world.held(await world.machine(machine.qemu.qmpPath))
  await machine.qemu.kill()
  await expect(held.hold).rejects.toMatchObject({ code: 'export/ended' })
  expect(world.files()).toEqual([])
})

it('more old data than there is room for ends the export, not the guest', async () => {
  await using machine = await machineWith('vda')
  await using world = await exportWorld({ settings: { scratchLimit: 4 << 20 } })
  await machine.qemu.write('vda', 0, '60M', 1)
  const held = await world.held(await world.machine(machine.qemu.qmpPath))
  await machine.qemu.write('vda', 0, '32M', 2)
  await expect(held.hold).rejects.toMatchObject({ code: 'export/scratch-full' })
  await machine.qemu.write('vda', '32M', '16M', 2)
  await nothingLeft(machine.qemu, world)
})

it('what is wrong with an instant is found out also when it is let go right after', async () => {
  await using machine = await machineWith('vda')
  await using world = await exportWorld({ settings: { scratchLimit: 4 << 20 } })
  await machine.qemu.write('vda', 0, '60M', 1)
  const held = await world.held(await world.machine(machine.qemu.qmpPath))
  await machine.qemu.write('vda', 0, '32M', 2)
  await world.board.cancel(held.id)
  expect((await world.board.whenFinal(held.id)).state).toMatchObject({
    kind: 'failed',
    problem: { code: 'export/scratch-full' },
  })
})

it('Floe that closes takes its exports down', async () => {
  await using machine = await machineWith('vda')
  const world = await exportWorld()
  const held = await world.held(await world.machine(machine.qemu.qmpPath))
  await world.stop()
  await held.hold
  await nothingLeft(machine.qemu, world)
  expect(await serverIsFree(machine.qemu.monitor, machine.dir.file('free'))).toBe(true)
  world.home[Symbol.dispose]()
})

it('a scratch drive that fills up ends the export, not the guest', async () => {
  await using machine = await machineWith('vda')
  using volume = smallVolume(16 << 20)
  await using world = await exportWorld({ settings: { scratchFolder: volume.path } })
  await machine.qemu.write('vda', 0, '8M', 1)
  const held = await world.held(await world.machine(machine.qemu.qmpPath))
  expect(() => writeFileSync(`${volume.path}/theirs`, Buffer.alloc(32 << 20))).toThrow(/ENOSPC/)
  await machine.qemu.write('vda', 0, '8M', 2)
  await expect(held.hold).rejects.toMatchObject({ code: 'export/scratch-full' })
  await machine.qemu.write('vda', 0, '1M', 3)
  await nothingLeft(machine.qemu, world)
})

it('a scratch drive that fails loses the instant: readers get errors, the holder is told, the guest goes on', async () => {
  await using machine = await machineWith('vda')
  using drive = brittleVolume()
  await using world = await exportWorld({ settings: { scratchFolder: drive.path } })
  await machine.qemu.write('vda', 0, '60M', 1)
  const held = await world.held(await world.machine(machine.qemu.qmpPath))
  drive.wearOut()
  await machine.qemu.write('vda', '8M', '1M', 2)
  const copy = tool('nbdcopy', [held.place.disks[0]?.uri ?? '', machine.dir.file('copy.raw')])
  await expect(copy).rejects.toThrow(/nbdcopy/)
  await expect(held.hold).rejects.toMatchObject({
    code: 'export/ended',
    message: expect.stringContaining('The guest goes on.'),
  })
  await machine.qemu.write('vda', '12M', '1M', 3)
  expect(await leftIn(machine.qemu.monitor)).toEqual([])
})

it('a guest that turns itself off leaves the export whole, and QEMU ends after it as it would have', async () => {
  using dir = tempDir()
  await using guest = await startKeyGuest(writeBootDisk(dir.file('boot')))
  await using world = await exportWorld()
  const held = await world.held(await world.machine(guest.qemu.qmpPath))
  await guest.press('off')
  const ended = once(guest.qemu.process, 'exit')
  const copy = dir.file('copy.raw')
  await tool('nbdcopy', [held.place.disks[0]?.uri ?? '', copy])
  expect(readFileSync(copy).equals(readFileSync(dir.file('boot')))).toBe(true)
  await world.board.cancel(held.id)
  expect((await world.board.whenFinal(held.id)).state.kind).toBe('cancelled')
  await ended
  expect(world.files()).toEqual([])
})

it('what QEMU does not let go of fails the export with QEMU’s words, and goes as soon as it can', async () => {
  await using machine = await machineWith('vda')
  await using world = await exportWorld({ againAfterMs: 200 })
  const held = await world.held(await world.machine(machine.qemu.qmpPath))
  const { monitor } = machine.qemu
  const node = (await leftIn(monitor)).find((name) => name.endsWith('-v0'))
  await monitor.command('block-export-add', { type: 'nbd', id: 'their-export', 'node-name': node, name: 'x' })
  await world.board.cancel(held.id)
  const job = await world.board.whenFinal(held.id)
  expect(job.state).toMatchObject({ kind: 'failed', problem: { code: 'machine/qemu-refused' } })
  expect(await monitor.command('query-block-exports')).toMatchObject([{ id: 'their-export' }])
  expect(world.files()).not.toEqual([])
  await monitor.command('block-export-del', { id: 'their-export' })
  await until(() => world.files().length === 0, 'the rest to go')
  await nothingLeft(machine.qemu, world)
})
