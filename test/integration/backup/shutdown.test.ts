import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { readCommandLine } from '../../../electron/core/machines/command-line/qemu-command-line.ts'
import { holdShutdown, letShutdown, planHold } from '../../../electron/core/machines/shutdown-safe.ts'
import { createPlatform, systemClock } from '../../../electron/core/ports/node-ports.ts'
import { connectQmp } from '../../../electron/core/qmp/connect.ts'
import type { QmpSession } from '../../../electron/core/qmp/types.ts'
import { type BackupWorld, backupWorld } from '../../support/backup-world.ts'
import { type KeyGuest, startKeyGuest, writeBootDisk } from '../../support/key-guest.ts'
import { createImage, difference } from '../../support/qemu.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'

const connect = (guest: KeyGuest): Promise<QmpSession> =>
  connectQmp({ kind: 'unix', path: guest.qemu.qmpPath }, { clock: systemClock, platform: createPlatform() })

async function startGuest(dir: TempDir, ...args: string[]) {
  return startKeyGuest(writeBootDisk(dir.file('boot.raw')), { args })
}

const statusOf = async (guest: KeyGuest) =>
  (await guest.qemu.monitor.command<{ status: string }>('query-status')).status
const hasEnded = (guest: KeyGuest) => guest.qemu.process.exitCode !== null
const end = async (guest: KeyGuest) => {
  if (!hasEnded(guest)) await once(guest.qemu.process, 'exit')
  return guest.qemu.process.exitCode
}

it('a QEMU that is kept stays when its guest turns itself off, and ends when it is let go', async () => {
  using dir = tempDir()
  await using guest = await startGuest(dir)
  const session = await connect(guest)
  const { spawnargs } = guest.qemu.process
  const hold = planHold({
    capabilities: await session.capabilities(),
    actions: readCommandLine(spawnargs, '/').actions,
    status: await statusOf(guest),
  })
  expect(hold).toEqual({ panicEnds: true })
  await holdShutdown(session)
  await holdShutdown(session)
  await guest.press('off')
  expect(await statusOf(guest)).toBe('shutdown')
  expect(await letShutdown(session, { panicEnds: true })).toBe(true)
  expect(await end(guest)).toBe(0)
})

it('a guest that goes on is not touched by letting go, and turns itself off afterwards as ever', async () => {
  using dir = tempDir()
  await using guest = await startGuest(dir)
  const session = await connect(guest)
  await holdShutdown(session)
  expect(await letShutdown(session, { panicEnds: true })).toBe(false)
  expect(await letShutdown(session, { panicEnds: true })).toBe(false)
  expect(await statusOf(guest)).toBe('running')
  await guest.press('off')
  expect(await end(guest)).toBe(0)
})

it('a reset is no shutdown, unless the machine was told to end with it', async () => {
  using dir = tempDir()
  {
    await using guest = await startGuest(dir)
    const session = await connect(guest)
    await holdShutdown(session)
    await guest.press('reset')
    expect(await letShutdown(session, { panicEnds: true })).toBe(false)
    expect(await statusOf(guest)).toBe('running')
  }
  await using guest = await startGuest(dir, '-no-reboot')
  const session = await connect(guest)
  await holdShutdown(session)
  const { monitor } = guest.qemu
  await monitor.command('system_reset')
  await expect.poll(() => statusOf(guest)).toBe('shutdown')
  expect(await letShutdown(session, { panicEnds: true })).toBe(true)
  expect(await end(guest)).toBe(0)
})

it('a guest that panics is kept, and then ends as it would have', async () => {
  using dir = tempDir()
  await using guest = await startGuest(dir)
  const session = await connect(guest)
  await holdShutdown(session)
  await guest.press('panic')
  expect(await statusOf(guest)).toBe('guest-panicked')
  expect(await letShutdown(session, { panicEnds: false }), 'with -action panic=pause').toBe(false)
  expect(await letShutdown(session, { panicEnds: true })).toBe(true)
  expect(await end(guest)).toBe(0)
})

/** Two disks: the one it boots from, and one with data that takes a while at the limit. */
async function startBackup(world: BackupWorld, dir: TempDir, ...args: string[]) {
  const path = await createImage(dir.file('data.qcow2'), '64M')
  execFileSync('qemu-io', ['-f', 'qcow2', '-c', 'write -P 7 1M 32M', path], { stdio: 'ignore' })
  const guest = await startKeyGuest(writeBootDisk(dir.file('boot.raw')), {
    disks: [{ id: 'data', path, format: 'qcow2' }],
    args,
  })
  const id = await world.start(await world.machine(guest.qemu), { limit: 4 << 20 })
  await world.reach(id, 'copying')
  return { guest, id, path }
}

it('a backup survives its guest turning itself off, and QEMU ends with its guest afterwards', async () => {
  using dir = tempDir()
  await using world = await backupWorld()
  const { guest, id, path } = await startBackup(world, dir)
  await using _guest = guest
  await guest.press('off')
  expect(await statusOf(guest)).toBe('shutdown')
  await world.floe.board.setLimit(id, null)
  const point = world.pointOf(await world.floe.board.whenFinal(id))
  expect(await end(guest)).toBe(0)
  expect(await difference(path, world.image(point, 'data'))).toBeNull()
})

it('so it does when Floe is closed meanwhile', async () => {
  using dir = tempDir()
  await using world = await backupWorld()
  const { guest, id, path } = await startBackup(world, dir)
  await using _guest = guest
  const floe = await world.restart(() => guest.press('off'))
  await floe.board.setLimit(id, null)
  const point = world.pointOf(await floe.board.whenFinal(id))
  expect(await end(guest)).toBe(0)
  expect(await difference(path, world.image(point, 'data'))).toBeNull()
})

it('a backup that is cancelled lets QEMU go as well', async () => {
  using dir = tempDir()
  await using world = await backupWorld()
  const { guest, id } = await startBackup(world, dir)
  await using _guest = guest
  await guest.press('off')
  await world.floe.board.cancel(id)
  expect((await world.floe.board.whenFinal(id)).state.kind).toBe('cancelled')
  expect(await end(guest)).toBe(0)
  expect(world.partials()).toEqual([])
})

it('a guest that starts again during its backup does not notice it', async () => {
  using dir = tempDir()
  await using world = await backupWorld()
  const { guest, id } = await startBackup(world, dir)
  await using _guest = guest
  await guest.press('reset')
  await world.floe.board.setLimit(id, null)
  world.pointOf(await world.floe.board.whenFinal(id))
  expect(await statusOf(guest)).toBe('running')
  await guest.press('off')
  expect(await end(guest), 'and ends with its guest as ever').toBe(0)
})

it('a QEMU that was told to stay is left as it is', async () => {
  using dir = tempDir()
  await using world = await backupWorld()
  const { guest, id } = await startBackup(world, dir, '-no-shutdown')
  await using _guest = guest
  await guest.press('off')
  await world.floe.board.setLimit(id, null)
  world.pointOf(await world.floe.board.whenFinal(id))
  expect(await statusOf(guest)).toBe('shutdown')
})
