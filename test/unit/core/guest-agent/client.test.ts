import { randomBytes } from 'node:crypto'
import { chmodSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { openAgent } from '../../../../electron/core/guest-agent/open-agent.ts'
import type { OpenAgentDeps } from '../../../../electron/core/guest-agent/types.ts'
import type { QmpEndpoint } from '../../../../shared/domain/machine.ts'
import { fakeAgent, refusal, socketServer } from '../../../support/fake-agent.ts'
import { until } from '../../../support/run.ts'
import { tempDir } from '../../../support/temp.ts'

const open = (endpoint: QmpEndpoint, change: Partial<OpenAgentDeps> = {}) =>
  openAgent(endpoint, { randomBytes, syncTimeoutMs: 300, ...change })
const never = () => new Promise<never>(() => {})

describe('a guest agent', () => {
  it('is asked for its version, file systems and status, freezes, thaws, and sets the clock', async () => {
    await using fake = await fakeAgent()
    await using session = await open(fake.endpoint)
    await session.ping()
    expect(await session.info()).toEqual({ version: '8.0', commands: new Set(['guest-ping']) })
    expect(await session.fileSystems()).toContainEqual({ mountpoint: '/srv', type: 'xfs', device: 'vdb' })
    expect(await session.freeze({ mountpoints: null, timeoutMs: 1000 })).toBe(2)
    expect(await session.freezeStatus()).toBe('frozen')
    expect(await session.thaw(1000)).toBe(2)
    expect(await session.freeze({ mountpoints: ['/srv', '/srv', '/typo', '/boot/efi'], timeoutMs: 1000 })).toBe(1)
    expect(await session.undoFreeze(1000)).toBe(1)
    let time: unknown
    fake.instead.set('guest-set-time', (command) => {
      time = command.arguments?.time
      return { return: {} }
    })
    await session.setTime(new Date('2026-11-23T00:00:00.250Z'))
    expect(time).toBe(1795392000250000000)
  })

  it('is understood behind the answers to somebody else, torn lines and early marks', async () => {
    await using server = await socketServer((socket) => {
      socket.write(
        Buffer.concat([
          Buffer.from('{"return": {}}\n{"ret'),
          Buffer.from([0xff, 0xff]),
          Buffer.from('{"return": 1}\n'),
        ]),
      )
      socket.on('data', (data) => {
        const id = /"id":(\d+)/.exec(data.toString('latin1'))?.[1]
        const answer =
          id === undefined ? Buffer.from('{"return": {}}\n') : Buffer.from(`\n\xff{"return": ${id}}\r\n`, 'latin1')
        for (const byte of answer) socket.write(Buffer.from([byte]))
      })
    })
    await using session = await open(server.endpoint)
    await session.ping()
  })

  it('that says nothing is told apart from one that is not there and one that speaks another language', async () => {
    using dir = tempDir()
    await using silent = await socketServer(() => {})
    await using http = await socketServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    await using qmp = await socketServer((socket) => socket.write('{"QMP": {"version": {}}}\n'))
    await using endless = await socketServer((socket) => socket.write('x'.repeat((1 << 20) + 1)))
    await using closing = await socketServer((socket) => socket.once('data', () => socket.destroy()))
    await expect(open(silent.endpoint)).rejects.toMatchObject({ code: 'agent/no-answer' })
    await expect(open(http.endpoint)).rejects.toMatchObject({ code: 'agent/garbage' })
    await expect(open(qmp.endpoint)).rejects.toMatchObject({ code: 'agent/garbage' })
    await expect(open(endless.endpoint)).rejects.toMatchObject({ code: 'agent/garbage' })
    await expect(open(closing.endpoint)).rejects.toMatchObject({ code: 'agent/unreachable' })
    await expect(open({ kind: 'unix', path: dir.file('none') })).rejects.toMatchObject({
      code: 'agent/unreachable',
      params: { reason: 'ENOENT' },
    })
    writeFileSync(dir.file('plain'), '')
    await expect(open({ kind: 'unix', path: dir.file('plain') })).rejects.toMatchObject({ code: 'agent/unreachable' })
    const freed = createServer().listen(0, '127.0.0.1')
    await until(() => freed.listening, 'a port')
    const { port } = freed.address() as { port: number }
    await new Promise((resolve) => freed.close(resolve))
    await expect(open({ kind: 'tcp', host: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'agent/unreachable',
      params: { reason: 'ECONNREFUSED' },
    })
  })

  it.runIf(process.getuid?.() !== 0)('of another user cannot be reached', async () => {
    await using fake = await fakeAgent()
    chmodSync(fake.path, 0)
    await expect(open(fake.endpoint)).rejects.toMatchObject({ code: 'agent/unreachable', params: { reason: 'EACCES' } })
  })

  it('that refuses a command goes on taking others', async () => {
    await using fake = await fakeAgent()
    fake.instead.set('guest-fsfreeze-freeze', () => refusal('has been disabled', 'CommandNotFound'))
    await using session = await open(fake.endpoint)
    await expect(session.freeze({ mountpoints: null, timeoutMs: 500 })).rejects.toMatchObject({
      code: 'agent/refused',
      params: { agentClass: 'CommandNotFound', text: 'has been disabled' },
    })
    await session.ping()
  })

  it('that answers nonsense, or too late, is not asked anything else in the same session', async () => {
    await using fake = await fakeAgent()
    fake.instead.set('guest-fsfreeze-thaw', () => ({ return: 'two' }))
    await using session = await open(fake.endpoint)
    await expect(session.thaw(500)).rejects.toMatchObject({ code: 'agent/garbage' })
    await expect(session.ping()).rejects.toMatchObject({ code: 'agent/garbage' })
    await session[Symbol.asyncDispose]()
    fake.instead.clear()
    await using other = await open(fake.endpoint)
    fake.stop()
    await expect(other.freeze({ mountpoints: null, timeoutMs: 50 })).rejects.toMatchObject({ code: 'agent/too-slow' })
    await expect(other.ping()).rejects.toMatchObject({ code: 'agent/too-slow' })
    expect(fake.received.filter((name) => name === 'guest-ping')).toEqual([])
  })

  it('that is late with a freeze ends thawed, because the thaw waits behind it', async () => {
    await using fake = await fakeAgent()
    await using session = await open(fake.endpoint)
    fake.stop()
    await expect(session.freeze({ mountpoints: null, timeoutMs: 50 })).rejects.toMatchObject({ code: 'agent/too-slow' })
    await expect(session.undoFreeze(50)).rejects.toMatchObject({ code: 'agent/no-answer' })
    await session[Symbol.asyncDispose]()
    fake.continue()
    await until(() => fake.done.includes('guest-fsfreeze-thaw'), 'the thaw')
    expect(fake.frozen).toBe(0)
  })

  it('that says it is still frozen after a thaw is not believed to be thawed', async () => {
    await using fake = await fakeAgent()
    fake.frozen = 2
    fake.instead.set('guest-fsfreeze-thaw', () => ({ return: 1 }))
    await using session = await open(fake.endpoint)
    await expect(session.undoFreeze(500)).rejects.toMatchObject({ code: 'agent/not-thawed' })
  })

  it('has one client inside Floe: others wait for it, and not for ever', async () => {
    await using fake = await fakeAgent()
    const first = await open(fake.endpoint)
    const second = open(fake.endpoint)
    await expect(open(fake.endpoint, { turnTimeoutMs: 30 })).rejects.toMatchObject({ code: 'agent/no-answer' })
    const away = new AbortController()
    const third = open(fake.endpoint, { signal: away.signal })
    away.abort()
    await expect(third).rejects.toMatchObject({ code: 'agent/unreachable', params: { reason: 'called-off' } })
    expect(fake.received).toEqual(['guest-sync-delimited'])
    await first[Symbol.asyncDispose]()
    await using session = await second
    await session.ping()
    await expect(first.ping()).rejects.toMatchObject({ code: 'agent/unreachable' })
  })

  it('whose session is closed while it works fails what waits for it', async () => {
    await using fake = await fakeAgent()
    fake.instead.set('guest-ping', never)
    const session = await open(fake.endpoint)
    const ping = session.ping()
    const gone = fake.vanish()
    await expect(ping).rejects.toMatchObject({ code: 'agent/unreachable', params: { reason: 'closed' } })
    await gone
    await session[Symbol.asyncDispose]()
  })
})
