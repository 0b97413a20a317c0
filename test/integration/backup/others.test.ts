import { execFileSync } from 'node:child_process'
import { renameSync } from 'node:fs'
import { expect, test } from 'vitest'
import { connectQmp } from '../../../electron/core/qmp/connect.ts'
import type { QmpSession } from '../../../electron/core/qmp/types.ts'
import { backupWorld } from '../../support/backup-world.ts'
import { createImage, startQemu, type TestQemu } from '../../support/qemu.ts'
import { until } from '../../support/run.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'

async function machineWithData(dir: TempDir): Promise<TestQemu> {
  const path = await createImage(dir.file('a.qcow2'), '64M')
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 5 1M 24M', path], { stdio: 'ignore' })
  return startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }] })
}

async function leftovers(qemu: TestQemu): Promise<string[]> {
  const jobs = await qemu.monitor.command<{ id: string }[]>('query-jobs')
  const nodes = await qemu.monitor.command<{ 'node-name': string }[]>('query-named-block-nodes', { flat: true })
  const names = [...jobs.map((job) => job.id), ...nodes.map((node) => node['node-name'])]
  return names.filter((name) => name.startsWith('floe-'))
}

test('a copy that ended and was dismissed by somebody else while Floe was closed is not taken for good', async () => {
  using dir = tempDir()
  await using qemu = await machineWithData(dir)
  await using world = await backupWorld()
  const id = await world.start(await world.machine(qemu), { limit: 1 << 20 })
  await world.reach(id, 'copying')
  const floe = await world.restart(async () => {
    const job = `floe-${id}-j0`
    await qemu.monitor.command('block-job-set-speed', { device: job, speed: 0 })
    const jobs = () => qemu.monitor.command<{ status: string }[]>('query-jobs')
    await until(async () => (await jobs())[0]?.status === 'concluded', 'the copy to end')
    await qemu.monitor.command('job-dismiss', { id: job })
  })
  expect((await floe.board.whenFinal(id)).state).toMatchObject({ problem: { code: 'backup/interrupted' } })
  expect(await leftovers(qemu)).toEqual([])
  expect(world.partials()).toEqual([])
  expect(floe.repository.points(null)).toEqual([])
})

test('a machine whose copy runs cannot be taken off the list', async () => {
  using dir = tempDir()
  await using qemu = await machineWithData(dir)
  await using world = await backupWorld()
  const machine = await world.machine(qemu)
  const id = await world.start(machine, { limit: 1 << 20 })
  await world.reach(id, 'copying')
  await expect(world.floe.machines.remove(machine.id)).rejects.toMatchObject({ code: 'machine/has-jobs' })
  await world.floe.board.setLimit(id, null)
  world.pointOf(await world.floe.board.whenFinal(id))
  await world.floe.machines.remove(machine.id)
})

test('a machine that is stopped like in a debugger is waited for, and a cancel reaches it once', async () => {
  using dir = tempDir()
  await using qemu = await machineWithData(dir)
  const sent: string[] = []
  await using world = await backupWorld({
    connect: async (...options) => {
      const session = await connectQmp(...options)
      const execute = session.execute.bind(session)
      session.execute = (command, ...rest) => {
        sent.push(command)
        return execute(command, ...rest)
      }
      return session
    },
  })
  const machine = await world.machine(qemu)
  const id = await world.start(machine, { limit: 1 << 20 })
  await world.reach(id, 'copying')
  qemu.process.kill('SIGSTOP')
  sent.length = 0
  await world.floe.machines.refresh()
  await world.floe.board.cancel(id)
  await world.floe.machines.refresh()
  expect(world.floe.board.get(id).state).toEqual({ kind: 'cancelling' })
  expect(sent.length).toBeLessThan(5)
  qemu.process.kill('SIGCONT')
  expect((await world.floe.board.whenFinal(id)).state).toEqual({ kind: 'cancelled' })
  expect(sent.filter((command) => command === 'job-cancel')).toHaveLength(1)
  expect(await leftovers(qemu)).toEqual([])
  expect(world.partials()).toEqual([])
})

test('a connection that breaks while the socket is not there does not end the copy that QEMU goes on with', async () => {
  using dir = tempDir()
  await using qemu = await machineWithData(dir)
  const sessions: QmpSession[] = []
  await using world = await backupWorld({
    connect: async (...options) => {
      const session = await connectQmp(...options)
      sessions.push(session)
      return session
    },
  })
  const id = await world.start(await world.machine(qemu), { limit: 1 << 20 })
  await world.reach(id, 'copying')
  renameSync(qemu.qmpPath, dir.file('away'))
  await sessions.at(-1)?.close()
  await world.floe.machines.refresh()
  await world.floe.machines.refresh()
  expect(world.floe.board.get(id).state).toEqual({ kind: 'copying' })
  expect(world.partials()).not.toEqual([])
  renameSync(dir.file('away'), qemu.qmpPath)
  await world.floe.board.setLimit(id, null)
  world.pointOf(await world.floe.board.whenFinal(id))
  expect(await leftovers(qemu)).toEqual([])
})

test('a copy that somebody ends and dismisses while the connection is broken is cleaned up, not taken for good', async () => {
  using dir = tempDir()
  await using qemu = await machineWithData(dir)
  const sessions: QmpSession[] = []
  await using world = await backupWorld({
    connect: async (...options) => {
      const session = await connectQmp(...options)
      sessions.push(session)
      return session
    },
  })
  const id = await world.start(await world.machine(qemu), { limit: 1 << 20 })
  await world.reach(id, 'copying')
  renameSync(qemu.qmpPath, dir.file('away'))
  await sessions.at(-1)?.close()
  const job = `floe-${id}-j0`
  await qemu.monitor.command('block-job-set-speed', { device: job, speed: 0 })
  const jobs = () => qemu.monitor.command<{ status: string }[]>('query-jobs')
  await until(async () => (await jobs())[0]?.status === 'concluded', 'the copy to end')
  await qemu.monitor.command('job-dismiss', { id: job })
  renameSync(dir.file('away'), qemu.qmpPath)
  expect((await world.floe.board.whenFinal(id)).state).toMatchObject({ problem: { code: 'backup/interrupted' } })
  expect(world.floe.repository.points(null)).toEqual([])
  expect(await leftovers(qemu)).toEqual([])
  expect(world.partials()).toEqual([])
})
