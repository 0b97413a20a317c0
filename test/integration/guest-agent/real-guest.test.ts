import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createGuestKeeper } from '../../../electron/core/guest-agent/keeper.ts'
import { openAgent } from '../../../electron/core/guest-agent/open-agent.ts'
import type { AgentSession, GuestAccess, GuestKeeper, OpenAgent } from '../../../electron/core/guest-agent/types.ts'
import { quietLogger, realClock } from '../../support/core.ts'
import type { FreezingMoment } from '../../support/freezing-child.ts'
import { guardCommand } from '../../support/guard-command.ts'
import { createExt4Image, type LinuxGuest, startLinuxGuest } from '../../support/linux-guest/guest.ts'
import { processesNaming } from '../../support/processes.ts'
import { until } from '../../support/run.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'

// A real Linux with a real qemu-guest-agent and two ext4: what counts is whether a write inside it completes.
let dir: TempDir
let linux: LinuxGuest
let access: GuestAccess
const wish = { mountpoints: null, limitMs: 30_000, holdMs: 30_000, required: false }

beforeAll(async () => {
  dir = tempDir('gr-')
  const images = [await createExt4Image(dir.file('a'), 48), await createExt4Image(dir.file('b'), 48)] as const
  linux = await startLinuxGuest(images, 'run', { agent: true })
  access = {
    machineId: 'm1',
    machineName: 'linux',
    agent: { kind: 'unix', path: linux.agentPath },
    qmp: { kind: 'unix', path: linux.qemu.qmpPath },
    qemuPid: linux.qemu.pid,
  }
})
afterAll(async () => {
  await linux?.[Symbol.asyncDispose]()
  await until(() => processesNaming(`guard-of-${dir.path}`).length === 0, 'the end of all guards')
  dir?.[Symbol.dispose]()
})

const guardOfThis = () => ({ ...guardCommand, args: [...guardCommand.args, `guard-of-${dir.path}`] })

function keeperWith(open: OpenAgent = openAgent): GuestKeeper {
  return createGuestKeeper({
    ports: { clock: realClock, logger: quietLogger, randomBytes, guardCommand: guardOfThis() },
    recordsDir: dir.file('records'),
    openAgent: open,
  })
}

/** Does something just before the freeze is sent. */
const before = (act: () => Promise<void>): OpenAgent => {
  return async (...options) => {
    const session = await openAgent(...options)
    const { freeze } = session
    return Object.assign(session, {
      freeze: async (...words: Parameters<AgentSession['freeze']>) => {
        await act()
        return freeze.apply(session, words)
      },
    })
  }
}

/** There is much to write before the first disk can be frozen, and it takes its time. */
async function makeFreezingSlow(): Promise<void> {
  await linux.limitWrites(512 << 10)
  await linux.control.run('dd if=/dev/zero of=/data/unwritten bs=64k count=64 2>/dev/null; echo dirty')
}

/** Resolves when a write inside the guest is on its disks; fails when that takes more than 5 s. */
async function writesWithin5s(): Promise<void> {
  const began = performance.now()
  await linux.control.writeNow()
  expect(performance.now() - began).toBeLessThan(5_000)
}

it('a write inside the guest waits while it is frozen, and completes after the thaw', async () => {
  const { value, freeze } = await keeperWith().around(
    access,
    wish,
    async () => {
      const write = linux.control.writeNow()
      const first = await Promise.race([write.then(() => 'written'), linux.control.run('echo waiting')])
      const acknowledged = linux.acknowledged()
      await linux.control.run('usleep 300000; echo waited')
      return { first, write: { promise: write }, further: linux.acknowledged() - acknowledged }
    },
    () => {},
  )
  await value.write.promise
  expect(value.first).toBe('waiting')
  expect(value.further).toBeLessThanOrEqual(1)
  expect(freeze).toMatchObject({
    kind: 'frozen',
    fileSystems: expect.arrayContaining([
      { mountpoint: '/data', type: 'ext4' },
      { mountpoint: '/data2', type: 'ext4' },
    ]),
  })
  if (freeze.kind === 'frozen') expect(freeze.heldMs).toBeGreaterThan(300)
})

it('a named mount point is frozen alone, and with one that is not there none is', async () => {
  const keeper = keeperWith()
  const writing = (folder: string) =>
    linux.control.run(`dd if=/dev/zero of=${folder}/other bs=4096 count=1 conv=fsync 2>/dev/null && echo written`)
  const freezing = (mountpoints: string[], folder: string, required = false) =>
    keeper.around(
      access,
      { ...wish, mountpoints, required },
      () => writing(folder),
      () => {},
    )
  const alone = await freezing(['/data', '/data'], '/data2')
  expect(alone.value).toBe('written')
  expect(alone.freeze).toMatchObject({
    kind: 'frozen',
    fileSystems: [{ mountpoint: '/data', type: 'ext4' }],
    partial: true,
  })
  const mistyped = await freezing(['/data', '/dta'], '/data')
  expect(mistyped.value).toBe('written')
  expect(mistyped.freeze).toMatchObject({ kind: 'not-frozen', cause: 'refused' })
  expect(mistyped.freeze).toMatchObject({ reason: expect.stringContaining('nothing mounted at /dta ') })
  await expect(freezing(['/data', '/dta'], '/data', true)).rejects.toMatchObject({ code: 'backup/freeze-required' })
  await writesWithin5s()
})

it.each<FreezingMoment>([
  'after raising',
  'while freezing',
  'frozen',
  'frozen and stopped',
  'while thawing',
  'thawed before the end',
])('a write inside the guest completes within 5 s after Floe was killed %s', async (moment) => {
  const script = fileURLToPath(new URL('../../support/freezing-child.ts', import.meta.url))
  const words = [dir.file('records'), linux.agentPath, linux.qemu.qmpPath, moment, `guard-of-${dir.path}`]
  if (moment === 'while freezing') await makeFreezingSlow()
  const child = spawn(process.execPath, [script, ...words], { stdio: 'inherit' })
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null]
  expect(signal).toBe('SIGKILL')
  await linux.limitWrites(null)
  await writesWithin5s()
  await until(() => processesNaming(`guard-of-${dir.path}`).length === 0, 'the guard to have done its work')
})

it('an agent that falls silent before it froze counts as too slow, and the guest ends thawed when it goes on', async () => {
  const keeper = keeperWith(before(() => linux.control.stopAgent()))
  const take = async () => {
    await writesWithin5s()
    return 'taken'
  }
  const { value, freeze } = await keeper.around(access, { ...wish, limitMs: 1000 }, take, () => {})
  expect([value, freeze]).toMatchObject(['taken', { kind: 'not-frozen', cause: 'too-slow' }])
  expect(keeper.unconfirmed()).toHaveLength(1)
  await linux.control.continueAgent()
  await until(() => keeper.unconfirmed().length === 0, 'the confirmed thaw')
  await writesWithin5s()
  await keeper.stop()
})

it('an agent that is silent all the time is not asked to freeze', async () => {
  await linux.control.stopAgent()
  const keeper = keeperWith()
  const { freeze } = await keeper.around(
    access,
    wish,
    async () => {},
    () => {},
  )
  expect(freeze).toMatchObject({ kind: 'not-frozen', cause: 'no-answer' })
  expect(keeper.unconfirmed()).toEqual([])
  await linux.control.continueAgent()
  await writesWithin5s()
})

it('a guest whose disk is too slow to freeze in time ends thawed', async () => {
  const keeper = keeperWith(before(makeFreezingSlow))
  const { freeze } = await keeper.around(
    access,
    { ...wish, limitMs: 300 },
    async () => {},
    () => {},
  )
  expect(freeze).toMatchObject({ kind: 'not-frozen', cause: 'too-slow' })
  await linux.limitWrites(null)
  await until(() => keeper.unconfirmed().length === 0, 'the confirmed thaw')
  await writesWithin5s()
  await keeper.stop()
})

it('an agent that dies while the guest is frozen thaws it once it is back', async () => {
  const keeper = keeperWith()
  const { freeze } = await keeper.around(
    access,
    wish,
    () => linux.control.killAgent(),
    () => {},
  )
  expect(freeze).toMatchObject({ kind: 'not-frozen', cause: 'no-answer' })
  expect(keeper.unconfirmed()).toHaveLength(1)
  const write = linux.control.writeNow()
  await linux.control.startAgent()
  await until(() => keeper.unconfirmed().length === 0, 'the confirmed thaw')
  await write
  await keeper.stop()
})

it('a QEMU that ends while the guest is frozen ends the alarm', async () => {
  const keeper = keeperWith()
  const { freeze } = await keeper.around(
    access,
    wish,
    () => linux.qemu.kill(),
    () => {},
  )
  expect(freeze).toMatchObject({ kind: 'not-frozen', cause: 'no-answer' })
  await until(() => keeper.unconfirmed().length === 0, 'the end of the alarm')
  await keeper.stop()
})
