import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { FloeError } from '../../../../electron/core/errors.ts'
import type { AgentSession, OpenAgent } from '../../../../electron/core/guest-agent/types.ts'
import { AgentWatch, type AgentWatchDeps } from '../../../../electron/core/machines/agent/agent-watch.ts'
import type { AgentChannel } from '../../../../electron/core/machines/agent/ask-agent.ts'
import { quietLogger } from '../../../support/core.ts'

const minute = 60_000
const endpoint = { kind: 'unix', path: '/vms/agent.sock' } as const
const timing = { agentWatchedMs: minute, agentIdleMs: 4 * minute, agentValidMs: 5 * minute, agentAnswerMs: 5_000 }

/** An agent of the test's own, in place of a guest's. */
function agentWith(commands: readonly string[]): OpenAgent {
  return async () =>
    ({
      info: async () => ({ version: '10.0.2', commands: new Set(commands) }),
      [Symbol.asyncDispose]: async () => {},
    }) as unknown as AgentSession
}
const refusing = (code: 'agent/no-answer' | 'agent/unreachable', params = {}): OpenAgent => {
  return async () => {
    throw new FloeError(code, 'It is as it is.', { params })
  }
}
const silent = refusing('agent/no-answer', { command: 'guest-sync-delimited' })

interface Stage {
  readonly watch: AgentWatch
  readonly asked: () => number
  readonly changes: () => number
  openAgent: OpenAgent
  channel: AgentChannel | null
  mayAsk: boolean
  strained: boolean
}

function stage(): Stage {
  let asked = 0
  let changes = 0
  const it: { -readonly [K in keyof Stage]: Stage[K] } = {
    watch: undefined as unknown as AgentWatch,
    asked: () => asked,
    changes: () => changes,
    openAgent: agentWith(['guest-fsfreeze-freeze']),
    channel: { endpoint, chardev: null, session: null },
    mayAsk: true,
    strained: false,
  }
  const deps: AgentWatchDeps = {
    ports: {
      clock: { now: () => new Date(), monotonic: () => Date.now() },
      randomBytes: (size) => new Uint8Array(size),
      logger: quietLogger,
    },
    timing,
    openAgent: (...given) => {
      asked += 1
      return it.openAgent(...given)
    },
    channel: () => it.channel,
    mayAsk: () => it.mayAsk,
    isStrained: () => it.strained,
    onChange: () => {
      changes += 1
    },
  }
  it.watch = new AgentWatch(deps)
  return it
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

it('an agent is asked as soon as its machine runs, and not before', async () => {
  const { watch, asked } = stage()
  await pass(10 * minute)
  expect(asked()).toBe(0)
  expect(watch.state).toEqual({ kind: 'unknown' })
  watch.setRunning(true)
  await pass(1)
  expect(watch.state).toMatchObject({ kind: 'ready', version: '10.0.2', canFreeze: true })
})

it('an agent that may not freeze says so', async () => {
  const it = stage()
  it.openAgent = agentWith(['guest-ping'])
  it.watch.setRunning(true)
  await pass(1)
  expect(it.watch.state).toMatchObject({ kind: 'ready', canFreeze: false })
})

it('it is asked every minute while somebody watches, and less often otherwise', async () => {
  const { watch, asked } = stage()
  watch.setWatched(true)
  watch.setRunning(true)
  await pass(1)
  await pass(3 * minute)
  expect(asked()).toBe(4)
  watch.setWatched(false)
  await pass(8 * minute)
  expect(asked()).toBe(6)
})

it('"ready" is never older than five minutes', async () => {
  const it = stage()
  it.watch.setRunning(true)
  await pass(1)
  it.mayAsk = false
  await pass(5 * minute - 2)
  expect(it.watch.state.kind).toBe('ready')
  await pass(3)
  expect(it.watch.state).toEqual({ kind: 'unknown' })
})

it('silence is dated from its beginning', async () => {
  const it = stage()
  it.openAgent = silent
  it.watch.setWatched(true)
  it.watch.setRunning(true)
  await pass(1)
  const first = it.watch.state
  expect(first.kind).toBe('silent')
  await pass(3 * minute)
  expect(it.watch.state).toEqual(first)
  expect(it.changes()).toBe(1)
})

it('silence while QEMU is hard at work does not undo what was known', async () => {
  const it = stage()
  it.watch.setWatched(true)
  it.watch.setRunning(true)
  await pass(1)
  it.openAgent = silent
  it.strained = true
  await pass(minute)
  expect(it.watch.state.kind).toBe('ready')
  it.strained = false
  await pass(minute)
  expect(it.watch.state.kind).toBe('silent')
})

it('a channel that cannot be used is told with its reason', async () => {
  const it = stage()
  it.openAgent = refusing('agent/unreachable')
  it.watch.setRunning(true)
  await pass(1)
  expect(it.watch.state).toEqual({ kind: 'unreachable', text: 'It is as it is.' })
})

it('Floe itself using the agent says nothing about it', async () => {
  const it = stage()
  it.watch.setWatched(true)
  it.watch.setRunning(true)
  await pass(1)
  it.openAgent = refusing('agent/no-answer', { waitedMs: 5_000 })
  await pass(minute)
  expect(it.watch.state.kind).toBe('ready')
})

it('a port that opens or closes is looked at at once', async () => {
  const it = stage()
  it.openAgent = silent
  it.watch.setRunning(true)
  await pass(1)
  it.openAgent = agentWith([])
  it.watch.somethingChanged()
  await pass(1)
  expect(it.watch.state.kind).toBe('ready')
})

it('a question that was under way when the port changed is followed by another one', async () => {
  const it = stage()
  let answer = () => {}
  it.openAgent = () =>
    new Promise((_resolve, reject) => {
      answer = () => reject(new FloeError('agent/no-answer', 'No.', { params: { command: 'guest-sync-delimited' } }))
    })
  it.watch.setRunning(true)
  await pass(1)
  it.watch.somethingChanged()
  it.openAgent = agentWith([])
  answer()
  await pass(1)
  expect(it.watch.state.kind).toBe('ready')
  expect(it.asked()).toBe(2)
})

it('what was asked of another channel does not count', async () => {
  const it = stage()
  let answer = () => {}
  it.openAgent = () =>
    new Promise((resolve) => {
      answer = () => void agentWith([])(endpoint, { randomBytes: () => new Uint8Array(4) }).then(resolve)
    })
  it.watch.setRunning(true)
  await pass(1)
  it.channel = null
  it.watch.forget()
  answer()
  await pass(1)
  expect(it.watch.state).toEqual({ kind: 'unknown' })
})

it('several who ask at once share one question', async () => {
  const { watch, asked } = stage()
  watch.setRunning(true)
  const states = await Promise.all([watch.ask(), watch.ask()])
  expect(asked()).toBe(1)
  expect(states.map(({ kind }) => kind)).toEqual(['ready', 'ready'])
})

it('a machine that ended has no agent that is ready', async () => {
  const { watch, asked } = stage()
  watch.setRunning(true)
  await pass(1)
  watch.setRunning(false)
  expect(watch.state).toEqual({ kind: 'unknown' })
  await pass(10 * minute)
  expect(asked()).toBe(1)
})
