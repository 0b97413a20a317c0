import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { createGuestKeeper } from '../../../electron/core/guest-agent/keeper.ts'
import { quietLogger, realClock } from '../../support/core.ts'
import { fakeAgent } from '../../support/fake-agent.ts'
import type { FreezingMoment } from '../../support/freezing-child.ts'
import { guardCommand } from '../../support/guard-command.ts'
import { processesNaming } from '../../support/processes.ts'
import { startQemu } from '../../support/qemu.ts'
import { until } from '../../support/run.ts'
import { type TempDir, tempDir } from '../../support/temp.ts'

// Floe dies without a word at each step around a freeze, and its guard does what is left to do.
const script = fileURLToPath(new URL('../../support/freezing-child.ts', import.meta.url))

const records = (dir: TempDir) =>
  (existsSync(dir.file('records')) ? readdirSync(dir.file('records')) : []).filter((name) => name.endsWith('.json'))
const guardsOf = (dir: TempDir) => processesNaming(`guard-of-${dir.path}`)

async function runChild(dir: TempDir, agent: string, qmp: string, moment: FreezingMoment) {
  const words = [script, dir.file('records'), agent, qmp, moment, `guard-of-${dir.path}`]
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', (data: Buffer) => {
    said += data.toString()
  })
  const [status, signal] = (await once(child, 'exit')) as [number | null, string | null]
  return { status, signal, said }
}

it.each<FreezingMoment>([
  'before the record',
  'before the guard knows',
  'after raising',
  'while freezing',
  'frozen',
  'while thawing',
  'thawed before the end',
])('a Floe that is killed %s leaves a guest that is thawed within 5 s, and no trace', async (moment) => {
  using dir = tempDir('gg-')
  await using agent = await fakeAgent()
  let floeDied = () => {}
  const floeIsDead = new Promise<void>((resolve) => {
    floeDied = resolve
  })
  // So slow that Floe is killed in the middle of it.
  const slowly = (name: string, count: () => number) =>
    agent.instead.set(name, async () => {
      await floeIsDead
      return { return: count() }
    })
  if (moment === 'while freezing') {
    slowly('guest-fsfreeze-freeze', () => {
      agent.frozen = 2
      return 2
    })
  }
  if (moment === 'while thawing') {
    slowly('guest-fsfreeze-thaw', () => {
      agent.frozen = 0
      return 2
    })
  }
  const { signal } = await runChild(dir, agent.path, '', moment)
  const died = performance.now()
  floeDied()
  expect(signal).toBe('SIGKILL')
  await until(() => guardsOf(dir).length === 0, 'the guard to have done its work', 20_000)
  expect(performance.now() - died).toBeLessThan(5_000)
  expect(agent.frozen).toBe(0)
  expect(records(dir)).toEqual([])
  const wasFrozen = ['while freezing', 'frozen', 'while thawing'].includes(moment)
  if (wasFrozen) expect(agent.done).toContain('guest-fsfreeze-freeze')
})

it('a Floe that is killed while the guest is frozen and its CPUs stand still leaves both undone', async () => {
  using dir = tempDir('gg-')
  await using agent = await fakeAgent()
  await using qemu = await startQemu({ run: true, disks: [] })
  const { signal } = await runChild(dir, agent.path, qemu.qmpPath, 'frozen and stopped')
  expect(signal).toBe('SIGKILL')
  await until(() => guardsOf(dir).length === 0, 'the guard to have done its work', 20_000)
  expect(agent.frozen).toBe(0)
  expect(await qemu.monitor.command('query-status')).toMatchObject({ status: 'running' })
  expect(records(dir)).toEqual([])
})

it('a Floe that ends in order leaves no guard', async () => {
  using dir = tempDir('gg-')
  await using agent = await fakeAgent()
  const { status, said } = await runChild(dir, agent.path, '', 'never')
  expect([status, JSON.parse(said)]).toMatchObject([0, { kind: 'frozen' }])
  await until(() => guardsOf(dir).length === 0, 'the end of the guard', 2_000)
  expect(records(dir)).toEqual([])
})

it('a guard is not ended by what ends programs, and goes on trying until the guest answers', async () => {
  using dir = tempDir('gg-')
  await using agent = await fakeAgent()
  agent.instead.set('guest-fsfreeze-freeze', () => {
    agent.frozen = 2
    agent.stop()
    return { return: 2 }
  })
  const child = runChild(dir, agent.path, '', 'frozen')
  const [guard] = await until(() => (guardsOf(dir).length === 2 ? guardsOf(dir) : null), 'the guard').then((pids) =>
    pids.toSorted((a, b) => b - a),
  )
  if (guard === undefined) throw new Error('There is no guard')
  await child
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(guard, signal)
  await until(() => agent.received.filter((name) => name === 'guest-fsfreeze-thaw').length > 0, 'an attempt')
  expect(guardsOf(dir)).toEqual([guard])
  expect(agent.frozen).toBe(2)
  agent.continue()
  await until(() => guardsOf(dir).length === 0, 'the guard to have done its work')
  expect(agent.frozen).toBe(0)
})

it('a Floe that starts while the guard of an earlier one still tries takes over from it', async () => {
  using dir = tempDir('gg-')
  await using agent = await fakeAgent()
  agent.instead.set('guest-fsfreeze-freeze', () => {
    agent.frozen = 2
    agent.stop()
    return { return: 2 }
  })
  await runChild(dir, agent.path, '', 'frozen')
  const [first] = guardsOf(dir)
  const keeper = createGuestKeeper({
    ports: {
      clock: realClock,
      logger: quietLogger,
      randomBytes,
      guardCommand: { ...guardCommand, args: [...guardCommand.args, `guard-of-${dir.path}`] },
    },
    recordsDir: dir.file('records'),
    timing: { retryMs: 100, attemptMs: 500 },
  })
  await keeper.start()
  expect(keeper.unconfirmed()).toHaveLength(1)
  await until(() => !guardsOf(dir).includes(first ?? 0), 'the first guard to leave')
  expect(guardsOf(dir)).toHaveLength(1)
  expect(records(dir)).toEqual(['m1.json'])
  agent.continue()
  await until(() => keeper.unconfirmed().length === 0, 'the confirmed thaw')
  expect(agent.frozen).toBe(0)
  await until(() => guardsOf(dir).length === 0, 'the end of the second guard')
  expect(records(dir)).toEqual([])
  await keeper.stop()
})
