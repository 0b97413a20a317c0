import { execFileSync } from 'node:child_process'
import { copyFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { backupWorld } from '../../support/backup-world.ts'
import { createImage, difference, startQemu, type TestQemu } from '../../support/qemu.ts'
import { run, until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'

async function machineWithData(path: string): Promise<TestQemu> {
  await createImage(path, '128M')
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 5 1M 48M', path])
  return startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }] })
}

const jobsOf = (qemu: TestQemu) => qemu.monitor.command<{ id: string; status: string }[]>('query-jobs')

async function ownNodes(qemu: TestQemu): Promise<string[]> {
  const nodes = await qemu.monitor.command<{ 'node-name': string }[]>('query-named-block-nodes', { flat: true })
  return nodes.map((node) => node['node-name']).filter((name) => name.startsWith('floe-'))
}

test('a copy that QEMU still makes after Floe was closed is adopted, and is the disk of its start instant', async () => {
  using dir = tempDir()
  const path = dir.file('a.qcow2')
  await using qemu = await machineWithData(path)
  const before = dir.file('before.qcow2')
  copyFileSync(path, before)
  await using world = await backupWorld()
  const id = await world.start(await world.machine(qemu), { limit: 8 << 20 })
  await world.reach(id, 'copying')
  const floe = await world.restart(async () => {
    await qemu.write('vda', '2M', '8M', 99)
    expect(await jobsOf(qemu)).toMatchObject([{ id: `floe-${id}-j0`, status: 'running' }])
  })
  expect(floe.board.get(id)).toMatchObject({ reattached: true, limit: 8 << 20 })
  await floe.board.setLimit(id, null)
  const job = await floe.board.whenFinal(id)
  const point = world.pointOf(job)
  expect(await difference(before, world.image(point, 'vda'))).toBeNull()
  expect(await jobsOf(qemu)).toEqual([])
  expect(await ownNodes(qemu)).toEqual([])
  expect(world.journals()).toEqual([])
})

test('a copy that ended while Floe was closed is recorded, by the verdict that QEMU kept', async () => {
  using dir = tempDir()
  const path = dir.file('a.qcow2')
  await using qemu = await machineWithData(path)
  await using world = await backupWorld()
  const id = await world.start(await world.machine(qemu), { limit: 8 << 20 })
  await world.reach(id, 'copying')
  const floe = await world.restart(async () => {
    await qemu.monitor.command('block-job-set-speed', { device: `floe-${id}-j0`, speed: 0 })
    await until(async () => (await jobsOf(qemu))[0]?.status === 'concluded', 'the copy to end')
  })
  const point = world.pointOf(await floe.board.whenFinal(id))
  await run('qemu-img', 'check', world.image(point, 'vda'))
  await qemu.quit()
  expect(await difference(path, world.image(point, 'vda'))).toBeNull()
})

test('a copy that was cancelled while Floe was closed is cleaned up and told', async () => {
  using dir = tempDir()
  await using qemu = await machineWithData(dir.file('a.qcow2'))
  await using world = await backupWorld()
  const id = await world.start(await world.machine(qemu), { limit: 2 << 20 })
  await world.reach(id, 'copying')
  const floe = await world.restart(async () => {
    await qemu.monitor.command('job-cancel', { id: `floe-${id}-j0` })
    await until(async () => (await jobsOf(qemu))[0]?.status === 'concluded', 'the copy to end')
  })
  expect((await floe.board.whenFinal(id)).state).toMatchObject({
    kind: 'failed',
    problem: { code: 'backup/interrupted' },
  })
  expect(await ownNodes(qemu)).toEqual([])
  expect(await jobsOf(qemu)).toEqual([])
  expect(world.partials()).toEqual([])
  expect(floe.activity.list()[0]).toMatchObject({ level: 'problem', jobId: id })
})

test('a machine that died while Floe was closed leaves no half copy behind', async () => {
  using dir = tempDir()
  await using qemu = await machineWithData(dir.file('a.qcow2'))
  await using world = await backupWorld()
  const id = await world.start(await world.machine(qemu), { limit: 2 << 20 })
  await world.reach(id, 'copying')
  expect(world.partials()).not.toEqual([])
  const floe = await world.restart(() => qemu.kill())
  expect((await floe.board.whenFinal(id)).state).toMatchObject({ kind: 'failed' })
  expect(world.partials()).toEqual([])
  expect(world.journals()).toEqual([])
  expect(floe.repository.points(null)).toEqual([])
})

test('an adopted copy can be cancelled', async () => {
  using dir = tempDir()
  await using qemu = await machineWithData(dir.file('a.qcow2'))
  await using world = await backupWorld()
  const id = await world.start(await world.machine(qemu), { limit: 2 << 20 })
  await world.reach(id, 'copying')
  const floe = await world.restart()
  await world.reach(id, 'copying')
  await floe.board.cancel(id)
  expect((await floe.board.whenFinal(id)).state).toEqual({ kind: 'cancelled' })
  expect(await ownNodes(qemu)).toEqual([])
  expect(world.partials()).toEqual([])
})

test('copies that ran side by side are all looked after at once when Floe is back', async () => {
  using dir = tempDir()
  await using one = await machineWithData(dir.file('a.qcow2'))
  await using other = await machineWithData(dir.file('b.qcow2'))
  await using world = await backupWorld()
  const first = await world.start(await world.machine(one), { limit: 2 << 20 })
  const second = await world.start(await world.machine(other), { limit: 2 << 20 })
  world.floe.board.startNow(second)
  await world.reach(first, 'copying')
  await world.reach(second, 'copying')
  const floe = await world.restart()
  await world.reach(first, 'copying')
  await world.reach(second, 'copying')
  for (const id of [first, second]) {
    await floe.board.setLimit(id, null)
    world.pointOf(await floe.board.whenFinal(id))
  }
})
