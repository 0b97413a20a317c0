import { mkdirSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fakeQmp } from '../../support/fake-qmp.ts'
import { agent, dir, keeperOf, prepareKeepers, records } from '../../support/guest-keeper.ts'
import { until } from '../../support/run.ts'

prepareKeepers()

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

  it('is not done to a QEMU that was started since, which was paused or frozen by somebody else', async () => {
    await using qmp = await fakeQmp({
      onCommand: ({ execute, id }, client) =>
        client.send({ return: execute === 'query-status' ? { status: 'paused' } : {}, id }),
    })
    agent.frozen = 2
    const qemu = { pid: process.pid, identity: 'the boot before' }
    record({ dangers: ['stopped', 'frozen'], qmp: qmp.endpoint, qemu })
    const keeper = keeperOf()
    await keeper.start()
    await until(() => records().length === 0, 'the record to go')
    expect(qmp.received.map(({ execute }) => execute)).not.toContain('cont')
    expect(agent.frozen).toBe(2)
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
