import { once } from 'node:events'
import { expect, it } from 'vitest'
import { readCommandLine } from '../../../electron/core/machines/command-line/qemu-command-line.ts'
import { holdShutdown, letShutdown, planHold } from '../../../electron/core/machines/shutdown-safe.ts'
import { createPlatform, systemClock } from '../../../electron/core/ports/node-ports.ts'
import { connectQmp } from '../../../electron/core/qmp/connect.ts'
import type { QmpSession } from '../../../electron/core/qmp/types.ts'
import { type KeyGuest, startKeyGuest, writeBootDisk } from '../../support/key-guest.ts'
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
