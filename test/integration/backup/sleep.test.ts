import { execFileSync } from 'node:child_process'
import { renameSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { PowerEvents } from '../../../electron/core/ports/index.ts'
import type { JobId } from '../../../shared/domain/ids.ts'
import { type BackupWorld, backupWorld } from '../../support/backup-world.ts'
import { createImage, difference, startQemu, type TestQemu } from '../../support/qemu.ts'
import { until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'

async function machineWithData(path: string): Promise<TestQemu> {
  await createImage(path, '128M')
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 5 1M 48M', path], { stdio: 'ignore' })
  return startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }] })
}

function power(): PowerEvents & { suspend(): void; resume(): void } {
  const suspended: (() => void)[] = []
  const resumed: (() => void)[] = []
  return {
    onSuspend: (listener) => suspended.push(listener),
    onResume: (listener) => resumed.push(listener),
    suspend: () => {
      for (const tell of suspended) tell()
    },
    resume: () => {
      for (const tell of resumed) tell()
    },
  }
}

const pausedFor = (world: BackupWorld, id: JobId, reason: 'user' | 'asleep') =>
  until(() => {
    const { state } = world.floe.board.get(id)
    return state.kind === 'paused' && state.reason === reason
  }, `the backup to be paused: ${reason}`)

test('a backup sleeps with the computer, waits for its drive, and goes on by itself', async () => {
  using dir = tempDir()
  const path = dir.file('a.qcow2')
  await using qemu = await machineWithData(path)
  const host = power()
  await using world = await backupWorld({ ports: { power: host } })
  const { board } = world.floe
  const id = await world.start(await world.machine(qemu), { limit: 4 << 20 })
  await world.reach(id, 'copying')
  await until(() => (board.get(id).progress?.doneBytes ?? 0) > 0, 'the first bytes')
  host.suspend()
  await pausedFor(world, id, 'asleep')
  expect(await qemu.monitor.command('query-block-jobs')).toMatchObject([{ status: 'paused' }])
  // The drive is not back at once.
  const away = `${world.destination.path}-away`
  renameSync(world.destination.path, away)
  host.resume()
  await board.setLimit(id, null)
  await pausedFor(world, id, 'asleep')
  expect(await qemu.monitor.command('query-block-jobs')).toMatchObject([{ status: 'paused' }])
  renameSync(away, world.destination.path)
  const point = world.pointOf(await board.whenFinal(id))
  await qemu.quit()
  expect(await difference(path, world.image(point, 'vda'))).toBeNull()
})

test('what the person had paused stays paused after the computer woke', async () => {
  using dir = tempDir()
  await using qemu = await machineWithData(dir.file('a.qcow2'))
  const host = power()
  await using world = await backupWorld({ ports: { power: host } })
  const { board } = world.floe
  const id = await world.start(await world.machine(qemu), { limit: 4 << 20 })
  await world.reach(id, 'copying')
  await board.pause(id)
  await pausedFor(world, id, 'user')
  host.suspend()
  await pausedFor(world, id, 'asleep')
  host.resume()
  await pausedFor(world, id, 'user')
  expect(await qemu.monitor.command('query-block-jobs')).toMatchObject([{ status: 'paused' }])
  await board.setLimit(id, null)
  await board.resume(id)
  world.pointOf(await board.whenFinal(id))
})

test('a Floe that is started again after the sleep takes the pause of its predecessor back', async () => {
  using dir = tempDir()
  await using qemu = await machineWithData(dir.file('a.qcow2'))
  const host = power()
  await using world = await backupWorld({ ports: { power: host } })
  const id = await world.start(await world.machine(qemu), { limit: 16 << 20 })
  await world.reach(id, 'copying')
  host.suspend()
  await pausedFor(world, id, 'asleep')
  await world.restart()
  world.pointOf(await world.floe.board.whenFinal(id))
})

test('a Floe that is started again does not wake what the person had paused before the sleep', async () => {
  using dir = tempDir()
  await using qemu = await machineWithData(dir.file('a.qcow2'))
  const host = power()
  await using world = await backupWorld({ ports: { power: host } })
  const id = await world.start(await world.machine(qemu), { limit: 4 << 20 })
  await world.reach(id, 'copying')
  await world.floe.board.pause(id)
  await pausedFor(world, id, 'user')
  host.suspend()
  await pausedFor(world, id, 'asleep')
  await world.restart()
  await pausedFor(world, id, 'user')
  expect(await qemu.monitor.command('query-block-jobs')).toMatchObject([{ status: 'paused' }])
  await world.floe.board.cancel(id)
  expect((await world.floe.board.whenFinal(id)).state).toEqual({ kind: 'cancelled' })
})
