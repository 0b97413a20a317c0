import { expect, it } from 'vitest'
import { bitmapName } from '../../../electron/core/tracking/naming.ts'
import { DestinationId, DiskId, PointId } from '../../../shared/domain/ids.ts'
import type { Machine } from '../../../shared/domain/machine.ts'
import { createImage } from '../../support/qemu.ts'
import { run } from '../../support/run.ts'
import { shortTemp, spawnQemu, startMachines } from './support.ts'

const kinds = ['v3', 'v2', 'raw', 'ext', 'snap'] as const
const bitmapOf = (disk: string) =>
  bitmapName({
    destinationId: DestinationId.parse('d00000000001'),
    pointId: PointId.parse('p00000000001'),
    diskId: DiskId.parse(disk),
  })
const told = ({ disks }: Pick<Machine, 'disks'>) => Object.fromEntries(disks.map(({ id, tracking }) => [id, tracking]))

it('what a QEMU can keep of the changes of raw, version 2 and version 3 images is told, and never guessed', async () => {
  using dir = shortTemp()
  const qemuImg = (...args: string[]) => run('qemu-img', ...args)
  await createImage(dir.file('v3'), '8M')
  await createImage(dir.file('snap'), '8M')
  await qemuImg('snapshot', '-c', 'before', dir.file('snap'))
  await qemuImg('create', '-q', '-f', 'qcow2', '-o', 'compat=0.10', dir.file('v2'), '8M')
  await qemuImg('create', '-q', '-f', 'raw', dir.file('raw'), '8M')
  await qemuImg('create', '-q', '-f', 'qcow2', '-o', `data_file=${dir.file('ext.data')}`, dir.file('ext'), '8M')
  const start = () =>
    spawnQemu(dir, [
      ...['-name', 'kinds', '-qmp', 'unix:q,server=on,wait=off'],
      ...kinds.flatMap((kind) => {
        const file = { driver: 'file', filename: dir.file(kind) }
        const node = { driver: kind === 'raw' ? 'raw' : 'qcow2', 'node-name': kind, file }
        return ['-blockdev', JSON.stringify(node), '-device', `virtio-blk-pci,drive=${kind}`]
      }),
    ])
  const untracked = {
    v3: { kind: 'persistent', now: 'off' },
    v2: { kind: 'volatile', now: 'off', why: 'qcow2-v2' },
    raw: { kind: 'volatile', now: 'off', why: 'raw' },
    ext: { kind: 'volatile', now: 'off', why: 'data-file' },
    snap: { kind: 'none', why: 'internal-snapshots' },
  }
  const unknown = Object.fromEntries(kinds.map((kind) => [kind, { kind: 'unknown' }]))
  await using machines = await startMachines(dir)
  const id = await (async () => {
    await using first = start()
    const machine = await machines.becomes('kinds', 'guest-paused')
    expect(told(machine)).toEqual(untracked)
    await using lease = await machines.service.acquire(machine.id)
    for (const node of ['v3', 'v2', 'raw', 'ext']) {
      const persistent = node === 'v3'
      await lease.session.execute('block-dirty-bitmap-add', { node, name: bitmapOf(node), persistent })
    }
    const on = Object.fromEntries(
      Object.entries(untracked).map(([kind, was]) => [kind, was.kind === 'none' ? was : { ...was, now: 'on' }]),
    )
    expect(told({ disks: [...(await lease.inventory())] })).toEqual(on)
    expect(told(machines.named('kinds'))).toEqual(on)
    first.signal('SIGTERM')
    await first.ended
    return machine.id
  })()
  expect(told(await machines.becomes('kinds', 'off'))).toEqual(unknown)

  await using second = start()
  const kept = { ...untracked, v3: { kind: 'persistent', now: 'on' } }
  expect(told(await machines.becomes('kinds', 'guest-paused'))).toEqual(kept)
  await second.kill()
  expect(told(await machines.becomes('kinds', 'off'))).toEqual(unknown)

  await using _third = start()
  const cutOff = { ...untracked, v3: { kind: 'persistent', now: 'cut-off' } }
  expect(told(await machines.becomes('kinds', 'guest-paused'))).toEqual(cutOff)
  expect(machines.named('kinds').id).toBe(id)
})
