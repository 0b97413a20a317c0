import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { refusal } from '../../support/fake-agent.ts'
import { fakeQmp } from '../../support/fake-qmp.ts'
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
    await until(() => records().length === 0, 'the record to go')
    await until(() => changes.length === 2, 'the news')
    expect(changes).toEqual([1, 0])
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
    await until(() => records().length === 0, 'the record to go')
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

  it('that was stopped without guard and record, and whose monitor broke then, is let run all the same', async () => {
    let status = 'running'
    await using qmp = await fakeQmp({
      onCommand: ({ execute, id }, client) => {
        if (execute === 'cont') status = 'running'
        client.send({ return: execute === 'query-status' ? { status } : {}, id })
      },
    })
    writeFileSync(dir.file('records'), 'a file in the way')
    const reason = { kind: 'not-frozen', cause: 'not-wanted', reason: 'Freezing is off.' } as const
    const stopping = keeperOf().around(
      guest({ agent: null, qmp: qmp.endpoint }),
      { notFrozen: reason },
      async (guard) => {
        await expect(guard.raise('stopped')).rejects.toMatchObject({ code: 'system/home-unwritable' })
        status = 'paused'
        throw new Error('the connection broke')
      },
      () => {},
    )
    await expect(stopping).rejects.toThrow('the connection broke')
    await until(() => status === 'running', 'the guest to run')
  })
})
