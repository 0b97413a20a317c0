import { mkdirSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { DestinationId } from '../../../shared/domain/ids.ts'
import { startFloe, type TestFloe } from '../../support/floe.ts'
import { createImage, startQemu, type TestQemu } from '../../support/qemu.ts'
import { run, until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'

const foreign = ['qmpbackup-1', 'floe-dunknown0001-p00000000001', 'floe-written']

async function world() {
  const dir = tempDir()
  const path = await createImage(dir.file('a.qcow2'), '16M')
  const disks = [{ id: 'vda', path, format: 'qcow2' as const }]
  const qemu = await startQemu({ disks, run: true })
  const floe = await startFloe(dir.file('home'))
  const machine = await floe.call('machines.add', { qmp: qemu.qmpPath, agent: null, name: 'tracked' })
  const destination = async (name: string) => {
    mkdirSync(dir.file(name))
    return (await floe.call('destinations.add', { path: dir.file(name), name })).id
  }
  const [here, there] = [await destination('here'), await destination('there')]
  return {
    dir,
    path,
    qemu,
    floe,
    machine,
    here,
    there,
    [Symbol.asyncDispose]: async () => {
      await floe[Symbol.asyncDispose]()
      await qemu[Symbol.asyncDispose]()
      dir[Symbol.dispose]()
    },
  }
}

const bitmapOf = (id: DestinationId, point = 'p00000000001') => `floe-${id}-${point}`

async function track(qemu: TestQemu, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await qemu.monitor.command('block-dirty-bitmap-add', { node: 'n-vda', name, persistent: true })
  }
}

async function trackedBy(qemu: TestQemu): Promise<string[]> {
  type Node = { 'node-name'?: string; 'dirty-bitmaps'?: { name?: string }[] }
  const nodes = await qemu.monitor.command<Node[]>('query-named-block-nodes')
  const bitmaps = nodes.find((node) => node['node-name'] === 'n-vda')?.['dirty-bitmaps'] ?? []
  return bitmaps.flatMap(({ name }) => name ?? []).sort()
}

async function storedIn(path: string): Promise<string[]> {
  const info = JSON.parse(await run('qemu-img', 'info', '--output=json', path)) as {
    'format-specific': { data: { bitmaps?: { name: string }[] } }
  }
  return (info['format-specific'].data.bitmaps ?? []).map(({ name }) => name).sort()
}

async function off(floe: TestFloe, qemu: TestQemu, id: string): Promise<void> {
  await qemu.quit()
  await until(async () => {
    await floe.call('machines.refresh', {})
    const machines = await floe.call('machines.list', {})
    return machines.find((machine) => machine.id === id)?.state.kind === 'off'
  }, 'the machine to be off')
}

it('a destination that is removed takes its bitmaps out of a running machine, and no others', async () => {
  await using test = await world()
  const { qemu, floe, here, there } = test
  await track(qemu, [...foreign, bitmapOf(here), bitmapOf(here, 'p00000000002'), bitmapOf(there)])
  await floe.call('destinations.remove', { destinationId: here })
  expect(await trackedBy(qemu)).toEqual([...foreign, bitmapOf(there)].sort())
})

it('a machine that is removed while it runs keeps only the bitmaps of others', async () => {
  await using test = await world()
  const { qemu, floe, machine, here, there } = test
  await track(qemu, [...foreign, bitmapOf(here), bitmapOf(there)])
  await floe.call('machines.remove', { machineId: machine.id })
  expect(await trackedBy(qemu)).toEqual([...foreign].sort())
  expect(await floe.call('machines.list', {})).not.toContainEqual(expect.objectContaining({ id: machine.id }))
})

it('of a machine that is off, the bitmaps are taken out of its images', async () => {
  await using test = await world()
  const { qemu, floe, machine, here, there, path } = test
  await track(qemu, [...foreign, bitmapOf(here), bitmapOf(there)])
  await off(floe, qemu, machine.id)
  await floe.call('destinations.remove', { destinationId: here })
  expect(await storedIn(path)).toEqual([...foreign, bitmapOf(there)].sort())
  await floe.call('machines.remove', { machineId: machine.id })
  expect(await storedIn(path)).toEqual([...foreign].sort())
  expect(await run('qemu-img', 'check', path)).toContain('No errors')
})

it.each(['on', 'off'])(
  'an image that somebody else uses meanwhile (locks %s) is not written to, and the removal goes on',
  async (locking) => {
    await using test = await world()
    const { qemu, floe, machine, here, path } = test
    await track(qemu, [bitmapOf(here)])
    await off(floe, qemu, machine.id)
    const file = { driver: 'file', filename: path, locking }
    const args = ['-blockdev', JSON.stringify({ driver: 'qcow2', 'node-name': 'n-vda', file })]
    await using other = await startQemu({ args: [...args, '-device', 'virtio-blk-pci,drive=n-vda'], name: 'other' })
    await floe.call('destinations.remove', { destinationId: here })
    expect(await trackedBy(other)).toEqual([bitmapOf(here)])
    await floe.call('machines.remove', { machineId: machine.id })
    await other.quit()
    expect(await storedIn(path)).toEqual([bitmapOf(here)])
    expect(await floe.call('destinations.list', {})).not.toContainEqual(expect.objectContaining({ id: here }))
  },
)

it('a bitmap that a job of somebody else is using keeps no destination on the list', async () => {
  await using test = await world()
  const { qemu, floe, here, dir } = test
  await track(qemu, [bitmapOf(here)])
  await qemu.write('vda', 0, '8M', 1)
  const target = await createImage(dir.file('target.qcow2'), '16M')
  await qemu.monitor.command('blockdev-add', {
    driver: 'qcow2',
    'node-name': 'target',
    file: { driver: 'file', filename: target },
  })
  await qemu.monitor.command('blockdev-backup', {
    ...{ 'job-id': 'theirs', device: 'n-vda', target: 'target', sync: 'bitmap', bitmap: bitmapOf(here) },
    ...{ 'bitmap-mode': 'never', speed: 1 },
  })
  await floe.call('destinations.remove', { destinationId: here })
  expect(await trackedBy(qemu)).toEqual([bitmapOf(here)])
  expect(await floe.call('destinations.list', {})).not.toContainEqual(expect.objectContaining({ id: here }))
})
