import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createGuestKeeper, type KeeperDeps } from '../../../../electron/core/guest-agent/keeper.ts'
import type { FreezeOutcome, GuestAccess, GuestKeeper } from '../../../../electron/core/guest-agent/types.ts'
import { quietLogger, realClock } from '../../../support/core.ts'
import { type FakeAgent, fakeAgent, refusal } from '../../../support/fake-agent.ts'
import { fakeQmp } from '../../../support/fake-qmp.ts'
import { guardCommand } from '../../../support/guard-command.ts'
import { processesNaming } from '../../../support/processes.ts'
import { until } from '../../../support/run.ts'
import { type TempDir, tempDir } from '../../../support/temp.ts'

let dir: TempDir
let agent: FakeAgent
let keepers: GuestKeeper[]

beforeEach(async () => {
  dir = tempDir('gk-')
  agent = await fakeAgent()
  keepers = []
})
afterEach(async () => {
  await agent[Symbol.asyncDispose]()
  for (const keeper of keepers) await keeper.stop()
  // Whatever is left to undo is gone with its guest.
  await until(() => processesNaming(dir.path).length === 0, 'the end of all guards')
  dir[Symbol.dispose]()
})

const records = () => (existsSync(dir.file('records')) ? readdirSync(dir.file('records')) : [])
const guards = () => processesNaming(dir.path).length

function keeperOf(change: Partial<KeeperDeps> = {}): GuestKeeper {
  const command = { ...guardCommand, args: [...guardCommand.args, dir.path] }
  const keeper = createGuestKeeper({
    ports: { clock: realClock, logger: quietLogger, randomBytes, guardCommand: command },
    recordsDir: dir.file('records'),
    timing: { retryMs: 50, thawMs: 200, attemptMs: 300, stopMs: 200 },
    ...change,
  })
  keepers.push(keeper)
  return keeper
}

const guest = (change: Partial<GuestAccess> = {}): GuestAccess => ({
  machineId: 'm1',
  machineName: 'debian',
  agent: agent.endpoint,
  qmp: null,
  ...change,
})
const wish = { mountpoints: null, limitMs: 1000, holdMs: 2000, required: false }
const inTime = (): Promise<string> => Promise.resolve('taken')
const causeOf = (freeze: FreezeOutcome) => (freeze.kind === 'not-frozen' ? freeze.cause : freeze.kind)

describe('freezing around an instant', () => {
  it('holds the guest from the confirmed freeze to the confirmed thaw, and leaves nothing behind', async () => {
    const keeper = keeperOf()
    const phases: string[] = []
    const { value, freeze } = await keeper.around(
      guest(),
      wish,
      async () => {
        expect(agent.frozen).toBe(2)
        expect(guards()).toBe(1)
        const record = JSON.parse(readFileSync(dir.file('records', 'm1.json'), 'utf8')) as { data: unknown }
        expect(record.data).toMatchObject({ machineId: 'm1', dangers: ['frozen'], agent: agent.endpoint })
        expect(statSync(dir.file('records')).mode & 0o777).toBe(0o700)
        return 'taken'
      },
      (phase) => phases.push(phase),
    )
    expect(value).toBe('taken')
    expect(freeze).toMatchObject({ kind: 'frozen' })
    if (freeze.kind !== 'frozen') return
    expect(freeze.heldMs).toBeGreaterThan(0)
    expect(freeze.confirmedAfterMs).toBeGreaterThan(0)
    expect(freeze.fileSystems).toEqual([
      { mountpoint: '/', type: 'ext4' },
      { mountpoint: '/srv', type: 'xfs' },
    ])
    expect(phases).toEqual(['freezing', 'frozen', 'thawing', 'thawed'])
    expect(agent.frozen).toBe(0)
    expect(records()).toEqual([])
    await until(() => guards() === 0, 'the end of the guard')
  })

  it('freezes the file systems that are named, and tells of those only', async () => {
    const only = { ...wish, mountpoints: ['/srv'] }
    const { freeze } = await keeperOf().around(guest(), only, inTime, () => {})
    expect(freeze).toMatchObject({ kind: 'frozen', fileSystems: [{ mountpoint: '/srv', type: 'xfs' }] })
  })

  it('is done without knowing the file systems when the agent may not tell them', async () => {
    agent.instead.set('guest-get-fsinfo', () => refusal('has been disabled', 'CommandNotFound'))
    const { freeze } = await keeperOf().around(guest(), wish, inTime, () => {})
    expect(freeze).toMatchObject({ kind: 'frozen', fileSystems: [] })
  })

  it('thaws when the instant cannot be taken', async () => {
    const failing = keeperOf().around(
      guest(),
      wish,
      () => Promise.reject(new Error('no bitmap')),
      () => {},
    )
    await expect(failing).rejects.toThrow('no bitmap')
    expect(agent.frozen).toBe(0)
    expect(records()).toEqual([])
  })

  it('thaws when telling of a phase fails', async () => {
    const broken = () => {
      throw new Error('no window')
    }
    const { freeze } = await keeperOf().around(guest(), wish, inTime, broken)
    expect(freeze.kind).toBe('frozen')
    expect(agent.frozen).toBe(0)
  })

  it('is not held longer than it may be', async () => {
    let thawedWhileTaking = false
    const take = async () => {
      await until(() => agent.frozen === 0, 'the thaw')
      thawedWhileTaking = true
      return 'late'
    }
    const { value, freeze } = await keeperOf().around(guest(), { ...wish, holdMs: 100 }, take, () => {})
    expect([value, thawedWhileTaking, causeOf(freeze)]).toEqual(['late', true, 'thawed-early'])
  })

  it('does not count when something else thawed in between', async () => {
    const take = async () => {
      agent.frozen = 1
    }
    const { freeze } = await keeperOf().around(guest(), wish, take, () => {})
    expect(causeOf(freeze)).toBe('thawed-early')
  })

  it('is left alone when somebody else froze the guest, who then thaws it', async () => {
    agent.frozen = 2
    const { freeze } = await keeperOf().around(guest(), wish, inTime, () => {})
    expect(causeOf(freeze)).toBe('refused')
    expect(agent.frozen).toBe(2)
  })

  it.each([
    ['without a channel', 'no-agent', () => {}, { agent: null }],
    ['without a socket', 'no-answer', () => {}, { agent: { kind: 'unix', path: '/nonexistent/agent' } as const }],
    [
      'with an agent that may not',
      'refused',
      () => agent.instead.set('guest-fsfreeze-freeze', () => refusal('has been disabled', 'CommandNotFound')),
      {},
    ],
    ['without file systems', 'refused', () => agent.instead.set('guest-fsfreeze-freeze', () => ({ return: 0 })), {}],
    [
      'with an agent that speaks nonsense',
      'no-answer',
      () => agent.instead.set('guest-fsfreeze-freeze', () => ({ return: {} })),
      {},
    ],
  ])('of a guest %s does not happen, and the backup goes on', async (_, cause, prepare, change) => {
    prepare()
    const { value, freeze } = await keeperOf().around(guest(change), wish, inTime, () => {})
    expect([value, causeOf(freeze)]).toEqual(['taken', cause])
    expect(agent.frozen).toBe(0)
    expect(records()).toEqual([])
  })

  it('that is required and does not work keeps the instant from being taken', async () => {
    let taken = false
    agent.instead.set('guest-fsfreeze-freeze', () => refusal('no'))
    const required = keeperOf().around(
      guest(),
      { ...wish, required: true },
      async () => (taken = true),
      () => {},
    )
    await expect(required).rejects.toMatchObject({ code: 'backup/freeze-required', params: { machine: 'debian' } })
    expect(taken).toBe(false)
  })

  it('does not happen without a guard', async () => {
    const ports = { clock: realClock, logger: quietLogger, randomBytes }
    const noGuard = { ...guardCommand, program: dir.file('no-such-program') }
    const keeper = keeperOf({ ports: { ...ports, guardCommand: noGuard } })
    const { freeze } = await keeper.around(
      guest(),
      wish,
      async (guard) => {
        await expect(guard.raise('stopped')).rejects.toMatchObject({ code: 'system/tool-failed' })
      },
      () => {},
    )
    expect(causeOf(freeze)).toBe('refused')
    expect(agent.received).not.toContain('guest-fsfreeze-freeze')
    expect(records()).toEqual([])
  })

  it('does not happen when no record can be kept', async () => {
    writeFileSync(dir.file('records'), 'a file in the way')
    const { freeze } = await keeperOf().around(guest(), wish, inTime, () => {})
    expect(causeOf(freeze)).toBe('refused')
    expect(agent.received).not.toContain('guest-fsfreeze-freeze')
  })

  it('of one guest is done one after another', async () => {
    const keeper = keeperOf()
    let inside = 0
    const take = async () => {
      inside += 1
      expect(inside).toBe(1)
      await new Promise((resolve) => setImmediate(resolve))
      inside -= 1
    }
    const both = [1, 2].map(() => keeper.around(guest(), wish, take, () => {}))
    for (const { freeze } of await Promise.all(both)) expect(freeze.kind).toBe('frozen')
  })

  it('starts no guard when nothing is done to the guest', async () => {
    const reason = { kind: 'not-frozen', cause: 'not-wanted', reason: 'Freezing is off.' } as const
    const { freeze } = await keeperOf().around(
      guest(),
      { notFrozen: reason },
      async () => expect(guards()).toBe(0),
      () => {},
    )
    expect(freeze).toBe(reason)
    expect(records()).toEqual([])
  })

  it('names the guest’s stop in guard and record until it is lowered', async () => {
    const reason = { kind: 'not-frozen', cause: 'not-wanted', reason: 'Freezing is off.' } as const
    await keeperOf().around(
      guest(),
      { notFrozen: reason },
      async (guard) => {
        await guard.raise('stopped')
        expect([guards(), records()]).toEqual([1, ['m1.json']])
        await guard.lower('stopped')
        expect(records()).toEqual([])
      },
      () => {},
    )
    await until(() => guards() === 0, 'the end of the guard')
  })
})

describe('a guest that does not confirm its thaw', () => {
  it('that froze too late is thawed at once, and the backup goes on without freezing', async () => {
    const keeper = keeperOf()
    let answer = () => {}
    agent.instead.set('guest-fsfreeze-freeze', async () => {
      await new Promise<void>((resolve) => {
        answer = resolve
      })
      agent.frozen = 2
      return { return: 2 }
    })
    const changes: number[] = []
    keeper.onChange(() => changes.push(keeper.unconfirmed().length))
    const { value, freeze } = await keeper.around(guest(), { ...wish, limitMs: 100 }, inTime, () => {})
    expect([value, causeOf(freeze)]).toEqual(['taken', 'too-slow'])
    expect(freeze).toMatchObject({ reason: expect.stringContaining('0.1 seconds') })
    expect(keeper.unconfirmed()).toMatchObject([{ machineId: 'm1', machineName: 'debian' }])
    expect([records(), guards()]).toEqual([['m1.json'], 1])
    await expect(keeper.thawNow('m1')).rejects.toMatchObject({ code: 'agent/no-answer' })
    answer()
    await until(() => keeper.unconfirmed().length === 0, 'the confirmed thaw')
    expect(agent.frozen).toBe(0)
    expect(changes).toEqual([1, 0])
    expect(records()).toEqual([])
    await until(() => guards() === 0, 'the end of the guard')
  })

  it('is not said to have been frozen, and is thawed when it can be', async () => {
    const keeper = keeperOf()
    const take = async () => agent.stop()
    const { freeze } = await keeper.around(guest(), wish, take, () => {})
    expect(causeOf(freeze)).toBe('no-answer')
    expect(keeper.unconfirmed()).toHaveLength(1)
    agent.continue()
    await until(() => keeper.unconfirmed().length === 0, 'the confirmed thaw')
    expect(agent.frozen).toBe(0)
  })

  it('is thawed by hand', async () => {
    const keeper = keeperOf({ timing: { retryMs: 600_000, thawMs: 50 } })
    await keeper.around(
      guest(),
      wish,
      async () => agent.instead.set('guest-fsfreeze-status', () => refusal('no')),
      () => {},
    )
    await expect(keeper.thawNow('m1')).rejects.toMatchObject({ code: 'agent/refused' })
    agent.instead.clear()
    await keeper.thawNow('m1')
    expect(keeper.unconfirmed()).toEqual([])
    expect(records()).toEqual([])
  })

  it('is no longer told of once its QEMU is gone', async () => {
    const keeper = keeperOf()
    const { freeze } = await keeper.around(
      guest(),
      wish,
      () => agent.vanish(),
      () => {},
    )
    expect(causeOf(freeze)).toBe('no-answer')
    await until(() => keeper.unconfirmed().length === 0, 'the end of the alarm')
    expect(records()).toEqual([])
  })

  it('is told of while its QEMU answers, though the agent’s socket is gone', async () => {
    await using qmp = await fakeQmp({ onCommand: () => {} })
    const keeper = keeperOf()
    await keeper.around(
      guest({ qmp: qmp.endpoint }),
      wish,
      () => agent.vanish(),
      () => {},
    )
    await expect(keeper.thawNow('m1')).rejects.toMatchObject({ code: 'agent/unreachable' })
    expect(keeper.unconfirmed()).toHaveLength(1)
    await qmp[Symbol.asyncDispose]()
    await until(() => keeper.unconfirmed().length === 0, 'the end of the alarm')
  })

  it('is not frozen again before it has', async () => {
    const keeper = keeperOf()
    await keeper.around(
      guest(),
      wish,
      async () => agent.stop(),
      () => {},
    )
    const again = await keeper.around(guest(), wish, inTime, () => {})
    expect([again.value, causeOf(again.freeze)]).toEqual(['taken', 'no-answer'])
    const required = keeper.around(guest(), { ...wish, required: true }, inTime, () => {})
    await expect(required).rejects.toMatchObject({ code: 'backup/freeze-required' })
    agent.continue()
    await until(() => keeper.unconfirmed().length === 0, 'the confirmed thaw')
    expect((await keeper.around(guest(), wish, inTime, () => {})).freeze.kind).toBe('frozen')
  })

  it('is left to its guard when Floe ends', async () => {
    const keeper = keeperOf()
    await keeper.around(
      guest(),
      wish,
      async () => agent.stop(),
      () => {},
    )
    await keeper.stop()
    expect([records(), guards()]).toEqual([['m1.json'], 1])
    agent.continue()
    await until(() => guards() === 0, 'the guard’s work')
    expect(agent.frozen).toBe(0)
    expect(records()).toEqual([])
  })
})

describe('what an earlier Floe left', () => {
  const record = (change: object) => {
    mkdirSync(dir.file('records'), { recursive: true, mode: 0o700 })
    const facts = { machineId: 'm1', machineName: 'debian', agent: agent.endpoint, qmp: null, qemu: null }
    const data = { token: 'old', ...facts, dangers: ['frozen'], since: '2026-11-23T00:00:00.000Z', ...change }
    writeFileSync(dir.file('records', 'm1.json'), JSON.stringify({ version: 1, data }))
  }

  it('is thawed at the start', async () => {
    agent.frozen = 2
    record({})
    const keeper = keeperOf()
    await keeper.start()
    await until(() => records().length === 0, 'the record to go')
    expect(agent.frozen).toBe(0)
  })

  it('is told of until it is thawed, and does not hold up the start', async () => {
    agent.frozen = 2
    agent.stop()
    record({})
    const keeper = keeperOf({ timing: { retryMs: 50, startMs: 50, stopMs: 100 } })
    await keeper.start()
    expect(keeper.unconfirmed()).toEqual([
      { machineId: 'm1', machineName: 'debian', since: '2026-11-23T00:00:00.000Z' },
    ])
    agent.continue()
    await until(() => keeper.unconfirmed().length === 0, 'the confirmed thaw')
    expect(agent.frozen).toBe(0)
  })

  it.each([
    ['paused', true],
    ['running', false],
    ['io-error', false],
  ])('with its CPUs stopped is let run when it is %s: %s', async (status, runs) => {
    await using qmp = await fakeQmp({
      onCommand: ({ execute, id }, client) => client.send({ return: execute === 'query-status' ? { status } : {}, id }),
    })
    record({ dangers: ['stopped'], agent: null, qmp: qmp.endpoint })
    await keeperOf().start()
    await until(() => records().length === 0, 'the record to go')
    expect(qmp.received.some(({ execute }) => execute === 'cont')).toBe(runs)
  })

  it('of a QEMU that is no more is forgotten', async () => {
    record({ qemu: { pid: process.pid, identity: 'another boot' }, agent: { kind: 'unix', path: dir.file('none') } })
    const keeper = keeperOf()
    await keeper.start()
    await until(() => records().length === 0, 'the record to go')
    expect(keeper.unconfirmed()).toEqual([])
  })

  it('half written is cleared away', async () => {
    record({})
    writeFileSync(dir.file('records', 'm2.json.tmp-1-1'), '{')
    writeFileSync(dir.file('records', 'm3.json.new'), '{')
    await keeperOf().start()
    await until(() => records().length === 0, 'the folder to be empty')
  })

  it('cannot be read: it is kept aside', async () => {
    record({ dangers: 'all' })
    await keeperOf().start()
    expect(records()).toEqual([expect.stringMatching(/^m1\.json\.damaged-/)])
  })
})
