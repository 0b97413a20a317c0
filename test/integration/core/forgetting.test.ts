import { mkdirSync, readFileSync, renameSync } from 'node:fs'
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
  // Only machines that are added: another QEMU that is given the image must not be found as the machine itself.
  const env = { ...process.env, FLOE_MACHINES_UNDER: dir.file('home') }
  const start = () => startFloe(dir.file('home'), { env })
  let floe = await start()
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
    restart: async () => {
      await floe[Symbol.asyncDispose]()
      floe = await start()
      return floe
    },
    backUp: async (destinationId: DestinationId) => {
      const wish = { machineId: machine.id, destinationId, diskIds: null, limit: null, check: false }
      const { jobId } = await floe.call('backup.start', wish)
      await floe.done(jobId)
    },
    remembered: () => {
      const file = readFileSync(dir.file('home', 'needless-bitmaps.json'), 'utf8')
      return (JSON.parse(file) as { data: { machines: Record<string, string[]> } }).data.machines
    },
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

/** A bitmap and its end mark. */
const ofBackup = (id: DestinationId) => {
  const name = new RegExp(`^floe-${id}-[a-z0-9]{12}-[0-9a-f]{8}(-end)?$`)
  return [expect.stringMatching(name), expect.stringMatching(name)]
}
const sortedForeign = [...foreign].sort()
const withoutForeign = (names: readonly string[]) => names.filter((name) => !foreign.includes(name))

it('what real backups began goes with their destination or machine, and nothing else', async () => {
  await using test = await world()
  const { qemu, floe, machine, here, there } = test
  await track(qemu, foreign)
  await test.backUp(here)
  await test.backUp(there)
  const both = await trackedBy(qemu)
  expect(both).toEqual(expect.arrayContaining([...foreign, ...ofBackup(here), ...ofBackup(there)]))
  expect(both).toHaveLength(foreign.length + 4)
  await floe.call('destinations.remove', { destinationId: here })
  const one = await trackedBy(qemu)
  expect(withoutForeign(one)).toEqual(ofBackup(there))
  expect(one).toEqual(both.filter((name) => one.includes(name)))
  expect(one).toHaveLength(foreign.length + 2)
  await floe.call('machines.remove', { machineId: machine.id })
  expect(await trackedBy(qemu)).toEqual(sortedForeign)
  expect(test.remembered()).toEqual({})
})

it('what was out of reach with its drive when its destination went is taken out when the machine runs again', async () => {
  await using test = await world()
  const { qemu, floe, machine, here, there, path } = test
  await track(qemu, foreign)
  await test.backUp(here)
  await test.backUp(there)
  await off(floe, qemu, machine.id)
  const stored = await storedIn(path)
  expect(stored).toHaveLength(foreign.length + 4)
  renameSync(path, `${path}.away`)
  await floe.call('destinations.remove', { destinationId: here })
  renameSync(`${path}.away`, path)
  expect(await storedIn(path)).toEqual(stored)
  expect(test.remembered()).toEqual({ [machine.id]: [here] })

  const later = await test.restart()
  await using again = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }], run: true })
  const found = await later.call('machines.add', { qmp: again.qmpPath, agent: null, name: null })
  expect(found.id).toBe(machine.id)
  await until(() => Object.keys(test.remembered()).length === 0, 'nothing to be remembered any more')
  const left = await trackedBy(again)
  expect(withoutForeign(left)).toEqual(ofBackup(there))
  expect(left).toHaveLength(foreign.length + 2)
})

it('what was in use when its destination went is taken out after the next backup', async () => {
  await using test = await world()
  const { qemu, floe, machine, here, there, dir } = test
  await test.backUp(here)
  const inUse = (await trackedBy(qemu)).find((name) => !name.endsWith('-end')) as string
  await qemu.write('vda', 0, '8M', 1)
  const filename = await createImage(dir.file('target.qcow2'), '16M')
  const target = { driver: 'qcow2', 'node-name': 'target', file: { driver: 'file', filename } }
  await qemu.monitor.command('blockdev-add', target)
  await qemu.monitor.command('blockdev-backup', {
    ...{ 'job-id': 'theirs', device: 'n-vda', target: 'target', sync: 'bitmap', bitmap: inUse },
    ...{ 'bitmap-mode': 'never', speed: 1 },
  })
  await floe.call('destinations.remove', { destinationId: here })
  expect(await trackedBy(qemu)).toEqual([inUse])
  expect(test.remembered()).toEqual({ [machine.id]: [here] })
  await qemu.monitor.command('block-job-cancel', { device: 'theirs', force: true })
  await until(async () => (await qemu.monitor.command<unknown[]>('query-jobs')).length === 0, 'their job to be gone')
  await test.backUp(there)
  await until(() => Object.keys(test.remembered()).length === 0, 'nothing to be remembered any more')
  expect(await trackedBy(qemu)).toEqual(ofBackup(there))
})

it('a destination that is added again keeps what was to go', async () => {
  await using test = await world()
  const { qemu, floe, machine, here, path, dir } = test
  await test.backUp(here)
  const began = await trackedBy(qemu)
  await off(floe, qemu, machine.id)
  renameSync(path, `${path}.away`)
  await floe.call('destinations.remove', { destinationId: here })
  renameSync(`${path}.away`, path)
  expect(await floe.call('destinations.add', { path: dir.file('here'), name: null })).toMatchObject({ id: here })
  await using again = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }], run: true })
  await floe.call('machines.add', { qmp: again.qmpPath, agent: null, name: null })
  await test.backUp(here)
  const [point] = await floe.call('points.list', { machineId: machine.id })
  expect(point).toMatchObject({ kind: 'incremental', basis: 'bitmap' })
  const now = await trackedBy(again)
  expect(now).toEqual(ofBackup(here))
  expect(now).not.toEqual(began)
})
