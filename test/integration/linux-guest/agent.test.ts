import { once } from 'node:events'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createExt4Image, type LinuxGuest, startLinuxGuest } from '../../support/linux-guest/guest.ts'
import { judgeImages, needsRecovery } from '../../support/linux-guest/judge.ts'
import { RawAgent } from '../../support/linux-guest/raw-agent.ts'
import { createImage } from '../../support/qemu.ts'
import { run, until } from '../../support/run.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'

// The test guest and its judge, proven with bare QMP: what the proofs of Floe rest on.
let dir: TempDir
let guest: LinuxGuest
let images: readonly [string, string]
const megabytes = 64
/** That something does not happen can only be seen by giving it time; much more than it takes otherwise. */
const awhile = 'usleep 500000'

beforeAll(async () => {
  dir = tempDir()
  images = [
    await createExt4Image(dir.file('a.qcow2'), megabytes),
    await createExt4Image(dir.file('b.qcow2'), megabytes),
  ]
  guest = await startLinuxGuest(images, 'run', { agent: true, reboots: true })
  await until(() => guest.acknowledged() > 40, 'forty steps', 120_000)
})
afterAll(async () => {
  await guest?.[Symbol.asyncDispose]()
  dir?.[Symbol.dispose]()
})

/** Starts a backup of both disks at one instant; answers what to wait for. */
async function copyPair(name: string): Promise<{ targets: [string, string]; finished: () => Promise<void> }> {
  const { monitor } = guest.qemu
  const targets: [string, string] = [dir.file(`${name}-a.qcow2`), dir.file(`${name}-b.qcow2`)]
  const actions: unknown[] = []
  for (const [index, path] of targets.entries()) {
    const node = `${name}-${index}`
    await createImage(path, `${megabytes}M`)
    await monitor.command('blockdev-add', {
      driver: 'qcow2',
      'node-name': node,
      file: { driver: 'file', filename: path },
    })
    const device = index === 0 ? 'n-vda' : 'n-vdb'
    const job = { 'job-id': node, device, target: node, sync: 'full', speed: 20 << 20, 'auto-dismiss': false }
    actions.push({ type: 'blockdev-backup', data: job })
  }
  await monitor.command('transaction', { actions })
  const finished = async () => {
    for (const node of [`${name}-0`, `${name}-1`]) {
      await until(async () => {
        const jobs = await monitor.command<{ id: string; status: string; error?: string }[]>('query-jobs')
        const job = jobs.find(({ id }) => id === node)
        expect(job?.error).toBeUndefined()
        return job?.status === 'concluded'
      }, `the end of ${node}`)
      await monitor.command('job-dismiss', { id: node })
      await monitor.command('blockdev-del', { 'node-name': node })
    }
  }
  return { targets, finished }
}

it('two disks copied at one instant of a frozen guest are a pair that needs no journal', async () => {
  using agent = await RawAgent.connect(guest.agentPath)
  expect(await agent.command('guest-fsfreeze-freeze')).toBe(2)
  const waiting = guest.control.writeNow()
  const state = await Promise.race([waiting.then(() => 'written'), guest.control.run(`${awhile}; echo waiting`)])
  const acknowledged = guest.acknowledged()
  const copy = await copyPair('frozen')
  expect(await agent.command('guest-fsfreeze-thaw')).toBe(2)
  await waiting
  expect(state, 'a write in a frozen guest waits').toBe('waiting')
  await copy.finished()
  expect(guest.acknowledged()).toBeGreaterThan(acknowledged)
  for (const image of copy.targets) expect(await needsRecovery(image)).toBe(false)
  const verdict = await judgeImages(...copy.targets)
  expect(verdict).toMatchObject({ good: true })
  expect([acknowledged, acknowledged + 1]).toContain(verdict.end)
})

it('two disks copied at one instant of a writing guest are a pair once their journals were replayed', async () => {
  const before = guest.acknowledged()
  const copy = await copyPair('live')
  const after = guest.acknowledged()
  await copy.finished()
  for (const image of copy.targets) expect(await needsRecovery(image)).toBe(true)
  const verdict = await judgeImages(...copy.targets)
  expect(verdict).toMatchObject({ good: true })
  expect(verdict.end).toBeGreaterThanOrEqual(before)
  expect(verdict.end).toBeLessThanOrEqual(after + 1)
})

it('copies of two disks at different moments are no pair, though each is good by itself', async () => {
  const early = await copyPair('early')
  const moment = guest.acknowledged()
  await early.finished()
  await until(() => guest.acknowledged() > moment + 5, 'the guest writing on', 120_000)
  const late = await copyPair('late')
  await late.finished()
  const pair = [early.targets[0], late.targets[1]] as const
  for (const image of pair) expect(await judgeImages(image)).toMatchObject({ good: true })
  expect(await judgeImages(...pair)).toMatchObject({ good: false, text: expect.stringContaining('the other ends at') })
})

it('slow copies of a live image are called bad without booting them, unless they were lucky', async () => {
  const fuzzy = dir.file('fuzzy.qcow2')
  const isBad = async () => {
    await guest.qemu.flush('vda')
    const before = guest.acknowledged()
    await run('qemu-img', 'convert', '-U', '-r', '1M', '-f', 'qcow2', '-O', 'qcow2', images[0], fuzzy)
    await until(() => guest.acknowledged() > before, 'the guest writing meanwhile')
    return !(await judgeImages(fuzzy)).good
  }
  await until(isBad, 'a copy that is called bad', 120_000)
})

it('an agent can be silenced, killed while the guest is frozen, and started again', async () => {
  await guest.control.stopAgent()
  const late = RawAgent.connect(guest.agentPath)
  expect(await Promise.race([late.then(() => 'agent'), guest.control.run(`${awhile}; echo guest`)])).toBe('guest')
  await guest.control.continueAgent()
  {
    using agent = await late
    expect(await agent.command('guest-fsfreeze-freeze')).toBe(2)
  }
  await guest.control.killAgent()
  const write = guest.control.writeNow()
  expect(await Promise.race([write.then(() => 'written'), guest.control.run(`${awhile}; echo frozen`)])).toBe('frozen')
  await guest.control.startAgent()
  using agent = await RawAgent.connect(guest.agentPath)
  expect(await agent.command('guest-fsfreeze-status')).toBe('frozen')
  await agent.command('guest-fsfreeze-thaw')
  await write
})

it('the guest starts again and goes on counting, and turns itself off with clean disks', async () => {
  const before = guest.acknowledged()
  await guest.control.reboot()
  await until(() => guest.acknowledged() > before + 10, 'the guest writing on after its start', 120_000)
  const ended = once(guest.qemu.process, 'exit')
  await guest.control.powerOff()
  await ended
  for (const image of images) expect(await needsRecovery(image)).toBe(false)
  const verdict = await judgeImages(...images)
  expect(verdict).toMatchObject({ good: true })
  expect(verdict.end).toBeGreaterThanOrEqual(guest.acknowledged())
})
