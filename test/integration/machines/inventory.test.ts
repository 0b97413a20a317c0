import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { createImage } from '../../support/qemu.ts'
import { run } from '../../support/run.ts'
import { shortTemp, spawnQemu, startMachines } from './support.ts'

it('a disk keeps its name, node and image while a backup job and a filter lie above it', async () => {
  using dir = shortTemp()
  const base = await createImage(dir.file('base.qcow2'), '8M')
  const image = dir.file('top.qcow2')
  await run('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', base, '-F', 'qcow2', image)
  const target = await createImage(dir.file('target.qcow2'), '8M')
  const qcow2 = { driver: 'qcow2', 'node-name': 'root', file: { driver: 'file', filename: image } }
  await using _qemu = spawnQemu(dir, [
    ...['-name', 'filtered', '-qmp', 'unix:q,server=on,wait=off', '-object', 'throttle-group,id=tg'],
    ...['-blockdev', JSON.stringify({ driver: 'throttle', 'node-name': 'thr', 'throttle-group': 'tg', file: qcow2 })],
    ...['-device', 'virtio-blk-pci,drive=thr,id=vda'],
  ])
  await using machines = await startMachines(dir)
  const machine = await machines.becomes('filtered', 'guest-paused')
  const [before] = machine.disks
  expect(before).toMatchObject({
    ...{ id: 'root', node: 'root', format: 'qcow2', imagePath: image, backingChain: [base], exclusion: null },
    ...{ qdev: '/machine/peripheral/vda/virtio-backend', virtualSize: 8 << 20 },
  })
  expect(before?.aliases).toEqual(expect.arrayContaining(['thr', 'vda']))
  await using lease = await machines.service.acquire(machine.id)
  const { session } = lease
  const file = { driver: 'file', filename: target }
  await session.execute('blockdev-add', { driver: 'qcow2', 'node-name': 'floe-x-t', file })
  await session.execute('blockdev-backup', {
    ...{ 'job-id': 'floe-x', device: 'root', target: 'floe-x-t', sync: 'full', speed: 1, 'auto-dismiss': false },
    ...{ 'filter-node-name': 'floe-x-f' },
  })
  expect(await lease.inventory()).toEqual([before])
  await session.execute('blockdev-add', {
    driver: 'qcow2',
    'node-name': 'floe-y-t',
    file: { ...file, filename: await createImage(dir.file('t2.qcow2'), '8M') },
  })
  await session.execute('blockdev-backup', {
    ...{ 'job-id': 'floe-y', device: 'thr', target: 'floe-y-t', sync: 'full', speed: 1, 'auto-dismiss': false },
    ...{ 'filter-node-name': 'floe-y-f' },
  })
  expect(await lease.inventory()).toEqual([before])
})

it('firmware variables, a CD, an empty drive and snapshot=on are told apart', async () => {
  using dir = shortTemp()
  const image = await createImage(dir.file('a.qcow2'), '8M')
  await run('dd', 'if=/dev/zero', `of=${dir.file('code.fd')}`, 'bs=64k', 'count=4', 'status=none')
  await run('cp', dir.file('code.fd'), dir.file('vars.fd'))
  await run('cp', dir.file('code.fd'), dir.file('cd.iso'))
  await using _qemu = spawnQemu(dir, [
    ...['-name', 'kinds', '-qmp', 'unix:q,server=on,wait=off', '-drive', `file=${image},if=virtio,snapshot=on`],
    ...['-drive', 'if=pflash,format=raw,readonly=on,file=code.fd', '-drive', 'if=pflash,format=raw,file=vars.fd'],
    ...[
      '-device',
      'virtio-scsi-pci,id=s',
      '-device',
      'scsi-cd,id=tray',
      '-drive',
      'file=cd.iso,if=none,id=cd,format=raw',
    ],
    ...['-device', 'ide-cd,drive=cd'],
  ])
  await using machines = await startMachines(dir)
  const machine = await machines.becomes('kinds', 'guest-paused')
  const told = Object.fromEntries(machine.disks.map(({ id, exclusion, firmware }) => [id, [exclusion, firmware]]))
  expect(told).toEqual({
    virtio0: ['temporary', false],
    pflash0: ['read-only', true],
    pflash1: [null, true],
    cd: ['removable', false],
    tray: ['empty', false],
  })
  const registry = await machines.service.stop().then(() => readFileSync(dir.file('home', 'machines.json'), 'utf8'))
  expect(JSON.parse(registry).data.machines).toMatchObject([{ name: 'kinds', images: [{ path: image }] }])
})
