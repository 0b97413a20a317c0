import { randomBytes } from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { quietLogger, realClock } from '../../support/core.ts'
import { refusal } from '../../support/fake-agent.ts'
import { guardCommand } from '../../support/guard-command.ts'
import {
  agent,
  causeOf,
  dir,
  guards,
  guest,
  inTime,
  keeperOf,
  prepareKeepers,
  records,
  wish,
} from '../../support/guest-keeper.ts'
import { until } from '../../support/run.ts'

prepareKeepers()

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
    expect(freeze).toMatchObject({ kind: 'frozen', fileSystems: [{ mountpoint: '/srv', type: 'xfs' }], partial: true })
  })

  it('of file systems that are named twice, or by two of their mount points, is whole', async () => {
    agent.mounted = [
      { name: 'vda1', mountpoint: '/', type: 'btrfs' },
      { name: 'vda1', mountpoint: '/home', type: 'btrfs' },
    ]
    const named = { ...wish, mountpoints: ['/home', '/', '/home/', '/'] }
    const { freeze } = await keeperOf().around(guest(), named, inTime, () => {})
    expect(freeze).toMatchObject({ kind: 'frozen', partial: false })
    expect(freeze.kind === 'frozen' && freeze.fileSystems).toEqual([
      { mountpoint: '/', type: 'btrfs' },
      { mountpoint: '/home', type: 'btrfs' },
    ])
  })

  it.each([
    ['that is not there', ['/srv', '/typo'], /nothing mounted at \/typo that can be frozen\. The freeze was undone\.$/],
    [
      'of a kind that cannot be frozen',
      ['/srv', '/boot/efi'],
      /mounted at \/boot\/efi \(vfat\) cannot be frozen\. The freeze/,
    ],
    ['that is not there, and no other', ['/typo'], /nothing mounted at \/typo that can be frozen\.$/],
  ])('with a named file system %s counts for nothing and is undone', async (_, mountpoints, why) => {
    const phases: string[] = []
    const named = { ...wish, mountpoints }
    const take = async () => agent.frozen
    const { value, freeze } = await keeperOf().around(guest(), named, take, (phase) => phases.push(phase))
    expect(value).toBe(0)
    expect(freeze).toMatchObject({ kind: 'not-frozen', cause: 'refused', reason: expect.stringMatching(why) })
    expect(phases).toEqual(['freezing', 'thawing', 'thawed'])
    expect(records()).toEqual([])
    const required = keeperOf().around(guest(), { ...named, required: true }, take, () => {})
    await expect(required).rejects.toMatchObject({
      code: 'backup/freeze-required',
      message: freeze.kind === 'not-frozen' && freeze.reason,
    })
    expect(agent.frozen).toBe(0)
  })

  it('of fewer file systems than there are says that it is not of all', async () => {
    agent.instead.set('guest-fsfreeze-freeze', () => {
      agent.frozen = 1
      return { return: 1 }
    })
    const { freeze } = await keeperOf().around(guest(), wish, inTime, () => {})
    expect(freeze).toMatchObject({ kind: 'frozen', fileSystems: [], partial: true })
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

  it('does not happen when another machine was given the same socket', async () => {
    const { freeze } = await keeperOf().around(guest({ agentSharedWith: 'clone' }), wish, inTime, () => {})
    expect(freeze).toMatchObject({ kind: 'not-frozen', reason: expect.stringContaining('debian and clone') })
    expect(agent.received).toEqual([])
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
        await guard.lower('stopped')
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
