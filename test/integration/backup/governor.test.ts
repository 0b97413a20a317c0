import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { backupWorld, smallVolume } from '../../support/backup-world.ts'
import { createImage, startQemu } from '../../support/qemu.ts'
import { until } from '../../support/run.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'
import { startWritingGuest } from '../../support/writing-guest.ts'

/** A guest that writes all the time to a drive which takes 8 MiB/s in all, for it and for the copy. */
async function guestOnSharedDrive(dir: TempDir) {
  const path = dir.file('data.qcow2')
  await createImage(path, '512M')
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 5 0 512M', path], { stdio: 'ignore' })
  const throttle = { 'qom-type': 'throttle-group', id: 'drive', limits: { 'bps-total': 8 << 20 } }
  const guest = await startWritingGuest(dir, path, {
    sectors: 512 * 2048,
    args: ['-object', JSON.stringify(throttle)],
    file: (file) => ({ driver: 'throttle', 'throttle-group': 'drive', file }),
  })
  await until(() => guest.written().length > 150, 'the guest to write', 60_000)
  return guest
}

test('a copy that makes the guest wait is slowed down, and let go when the person does not want that', async () => {
  using dir = tempDir()
  await using guest = await guestOnSharedDrive(dir)
  const { qemu } = guest
  const settings = { guestFirst: true }
  await using world = await backupWorld({ settings, careTiming: { governEvery: 500 } })
  const { board } = world.floe
  const id = await world.start(await world.machine(qemu), { diskIds: ['data'] })
  await world.reach(id, 'copying')
  await until(() => board.get(id).impact?.slowed, 'the copy to be slowed down', 60_000)
  const speed = async () => (await qemu.monitor.command<{ speed: number }[]>('query-block-jobs'))[0]?.speed
  expect(await speed()).toBeGreaterThanOrEqual(1 << 20)
  expect(board.get(id)).toMatchObject({ limit: null, impact: { slowed: true } })
  expect(board.get(id).impact?.idleMs).toBeGreaterThan(0)
  settings.guestFirst = false
  await until(async () => (await speed()) === 0, 'the copy to be let go')
  await until(() => board.get(id).impact?.slowed === false, 'people to see it')
  await board.cancel(id)
  await board.whenFinal(id)
})

test("a copy that was slowed for the guest's sake when Floe was closed keeps the person's limit", async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.qcow2'), '128M')
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 5 0 96M', path], { stdio: 'ignore' })
  await using qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }] })
  await using world = await backupWorld()
  const id = await world.start(await world.machine(qemu), { limit: 16 << 20 })
  await world.reach(id, 'copying')
  await world.floe.board.setLimit(id, 4 << 20)
  await world.restart(async () => {
    await qemu.monitor.command('block-job-set-speed', { device: `floe-${id}-j0`, speed: 1 << 20 })
  })
  await world.reach(id, 'copying')
  expect(world.floe.board.get(id)).toMatchObject({ limit: 4 << 20, reattached: true })
  const speed = async () => (await qemu.monitor.command<{ speed: number }[]>('query-block-jobs'))[0]?.speed
  await until(async () => (await speed()) === 4 << 20, 'the copy to get its speed back')
  await world.floe.board.cancel(id)
  await world.floe.board.whenFinal(id)
})

test('a copy that stands still without being paused says since when, until bytes move again', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.qcow2'), '64M')
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 5 0 32M', path], { stdio: 'ignore' })
  await using qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }] })
  await using world = await backupWorld({ careTiming: { stallAfter: 1_500, stallLook: 100 } })
  const { board } = world.floe
  const id = await world.start(await world.machine(qemu), { limit: 1 })
  const since = await until(() => board.get(id).stalledSince, 'the standstill to be told')
  expect(Date.parse(since)).toBeLessThanOrEqual(Date.now() - 1_500)
  await board.pause(id)
  await until(() => board.get(id).stalledSince === null, 'a pause to be no standstill')
  await board.setLimit(id, null)
  await board.resume(id)
  const job = await board.whenFinal(id)
  world.pointOf(job)
  expect(job.stalledSince).toBeNull()
})

test('a guest that overwrites more than its old data may take up keeps its writes, and the backup ends', async () => {
  using dir = tempDir()
  const path = await createImage(dir.file('a.qcow2'), '256M')
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 5 0 128M', path], { stdio: 'ignore' })
  await using qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }] })
  await using world = await backupWorld({ settings: { scratchLimit: 8 << 20 } })
  const { board } = world.floe
  const id = await world.start(await world.machine(qemu), { limit: 1 << 20 })
  await world.reach(id, 'copying')
  await until(() => board.get(id).scratch?.limitBytes === 8 << 20, 'the scratch room to be told')
  await qemu.write('vda', '64M', '32M', 7)
  const job = await board.whenFinal(id)
  expect(job.state).toMatchObject({ kind: 'failed', problem: { code: 'backup/scratch-full' } })
  expect(world.floe.repository.points(null)).toEqual([])
  await qemu.write('vda', '1M', '64k', 8)
})

test('a scratch drive that others fill ends the backup before the guest could notice', async () => {
  using dir = tempDir()
  using small = smallVolume(600 << 20)
  const path = await createImage(dir.file('a.qcow2'), '256M')
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 5 0 64M', path], { stdio: 'ignore' })
  await using qemu = await startQemu({ disks: [{ id: 'vda', path, format: 'qcow2' }] })
  await using world = await backupWorld({ settings: { scratchFolder: small.path } })
  const id = await world.start(await world.machine(qemu), { limit: 1 << 20 })
  await world.reach(id, 'copying')
  execFileSync('fallocate', ['-l', String(590 << 20), `${small.path}/others`])
  const job = await world.floe.board.whenFinal(id)
  expect(job.state).toMatchObject({ kind: 'failed', problem: { code: 'backup/scratch-full' } })
  await qemu.write('vda', '1M', '8M', 8)
})
