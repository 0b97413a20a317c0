import { chmodSync, symlinkSync } from 'node:fs'
import { expect, it } from 'vitest'
import { probeLock } from '../../../electron/core/machines/life/lock-probe.ts'
import { signsOfLife } from '../../../electron/core/machines/life/signs-of-life.ts'
import { connectQmp } from '../../../electron/core/qmp/connect.ts'
import { createImage } from '../../support/qemu.ts'
import { RawQmp } from '../../support/raw-qmp.ts'
import { run, until } from '../../support/run.ts'
import { shortTemp, spawnQemu, startMachines, testPorts } from './support.ts'

const blockdev = (path: string, format: string, more: object = {}) => [
  ...[
    '-blockdev',
    JSON.stringify({ driver: format, 'node-name': 'd', file: { driver: 'file', filename: path, ...more } }),
  ],
  ...['-device', 'virtio-blk-pci,drive=d,id=vda'],
]
const own = ['-qmp', 'unix:own,server=on,wait=off']
const listening = (socket: string) => until(() => RawQmp.connect(socket).catch(() => null), 'QEMU to listen')

const look = (under: string, images: readonly string[], only: 'none' | 'process' | 'open' | 'both' = 'none') => {
  const blind = { listProcesses: async () => [], openHolders: async () => [] }
  const hidden =
    only === 'none'
      ? blind
      : only === 'process'
        ? { openHolders: blind.openHolders }
        : only === 'open'
          ? { listProcesses: blind.listProcesses }
          : {}
  const ports = testPorts(under, hidden)
  return signsOfLife(images, { ports, connect: connectQmp, name: 'vm', pid: null, session: null, endpoints: [] })
}

it('a machine that is off shows no sign of life', async () => {
  using dir = shortTemp()
  const image = await createImage(dir.file('a: "1", é %.qcow2'), '8M')
  const raw = await createImage(dir.file('b.raw'), '8M', 'raw')
  await using machines = await startMachines(dir)
  {
    await using _qemu = spawnQemu(dir, [
      '-name',
      'vm',
      '-qmp',
      'unix:q,server=on,wait=off',
      ...blockdev(image, 'qcow2'),
    ])
    await machines.becomes('vm', 'guest-paused')
  }
  const { id } = await machines.becomes('vm', 'off')
  expect(await machines.service.signsOfLife(id, [image, raw])).toEqual([])
})

it('a running machine shows all signs, each with its process', async () => {
  using dir = shortTemp()
  const image = await createImage(dir.file('a.qcow2'), '8M')
  await using qemu = spawnQemu(dir, ['-name', 'vm', '-qmp', 'unix:q,server=on,wait=off', ...blockdev(image, 'qcow2')])
  await using machines = await startMachines(dir)
  const { id } = await machines.becomes('vm', 'guest-paused')
  const signs = await machines.service.signsOfLife(id, [image])
  expect(signs.map(({ sign }) => sign)).toEqual(['qmp', 'process', 'open-file', 'lock'])
  expect(signs.slice(0, 3).map(({ pid }) => pid)).toEqual([qemu.pid, qemu.pid, qemu.pid])
  for (const { text } of signs) expect(text).toMatch(/^.*\.$/)
})

it('a machine whose QMP is busy shows that somebody listens', async () => {
  using dir = shortTemp()
  await using _qemu = spawnQemu(dir, ['-name', 'vm', ...own])
  const holder = await listening(dir.file('own'))
  const endpoint = { kind: 'unix', path: dir.file('own') } as const
  const ports = testPorts(dir.path, { listProcesses: async () => [] })
  const deps = { ports, connect: connectQmp, name: 'vm', pid: null, session: null, endpoints: [endpoint] }
  expect(await signsOfLife([], deps)).toMatchObject([{ sign: 'qmp' }])
  holder.close()
})

for (const format of ['qcow2', 'raw'] as const) {
  it(`a ${format} image in use is seen by its process alone, by its open file alone and by its lock alone`, async () => {
    using dir = shortTemp()
    const image = await createImage(dir.file('disk, 1.img'), '8M', format)
    symlinkSync(image, dir.file('link'))
    await using qemu = spawnQemu(dir, [...own, ...blockdev(dir.file('link'), format)])
    ;(await listening(dir.file('own'))).close()
    expect(await look(dir.path, [image], 'process')).toMatchObject([
      { sign: 'process', pid: qemu.pid },
      { sign: 'lock' },
    ])
    expect(await look(dir.path, [image], 'open')).toMatchObject([
      { sign: 'open-file', pid: qemu.pid },
      { sign: 'lock' },
    ])
    expect(await look(dir.path, [image])).toMatchObject([{ sign: 'lock' }])
  })

  it(`a ${format} image used without locks is still seen by process and open file`, async () => {
    using dir = shortTemp()
    const image = await createImage(dir.file('a.img'), '8M', format)
    await using qemu = spawnQemu(dir, [...own, ...blockdev(image, format, { locking: 'off' })])
    ;(await listening(dir.file('own'))).close()
    const signs = await look(dir.path, [image], 'both')
    expect(signs).toMatchObject([
      { sign: 'process', pid: qemu.pid },
      { sign: 'open-file', pid: qemu.pid },
    ])
  })
}

it('a backing file in use is seen although no command line names it', async () => {
  using dir = shortTemp()
  const base = await createImage(dir.file('base.qcow2'), '8M')
  await run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', base, '-F', 'qcow2', dir.file('top.qcow2'))
  await using qemu = spawnQemu(dir, [...own, ...blockdev(dir.file('top.qcow2'), 'qcow2')])
  ;(await listening(dir.file('own'))).close()
  expect(await look(dir.path, [base], 'both')).toMatchObject([{ sign: 'open-file', pid: qemu.pid }, { sign: 'lock' }])
})

it('probing changes nothing, and what cannot be probed is told instead of taken for free', async () => {
  using dir = shortTemp()
  const image = await createImage(dir.file('a.qcow2'), '8M')
  const before = await run('sha256sum', image)
  chmodSync(image, 0o444)
  expect(await probeLock(image, process.env)).toEqual({ kind: 'free' })
  expect(await run('sha256sum', image)).toBe(before)
  expect(await probeLock(dir.path, process.env)).toMatchObject({ kind: 'unknown' })
})

it('who else builds on an image is named: other machines and overlays beside it', async () => {
  using dir = shortTemp()
  const image = await createImage(dir.file('a.qcow2'), '8M')
  const overlay = (name: string) =>
    run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', 'a.qcow2', '-F', 'qcow2', dir.file(name))
  await using machines = await startMachines(dir)
  {
    await using _qemu = spawnQemu(dir, [
      '-name',
      'vm',
      '-qmp',
      'unix:q,server=on,wait=off',
      ...blockdev(image, 'qcow2'),
    ])
    await machines.becomes('vm', 'guest-paused')
  }
  const { id } = await machines.becomes('vm', 'off')
  expect(await machines.service.usersOfImages(id, [image])).toEqual([])
  await overlay('lonely.qcow2')
  await overlay('top.qcow2')
  const other = ['-name', 'clone', '-qmp', 'unix:c,server=on,wait=off', ...blockdev(dir.file('top.qcow2'), 'qcow2')]
  await using _clone = spawnQemu(dir, other)
  await machines.becomes('clone', 'guest-paused')
  const users = await machines.service.usersOfImages(id, [image])
  expect(users).toEqual(
    expect.arrayContaining([
      { machineName: 'clone', path: image },
      { machineName: 'lonely.qcow2', path: dir.file('lonely.qcow2') },
    ]),
  )
})
