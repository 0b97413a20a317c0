import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { adaptPreload } from '../../../renderer/src/bridge.ts'
import { openWebBridge } from '../../../renderer/src/web-bridge.ts'
import type { PreloadBridge } from '../../../shared/ipc/channels.ts'
import { ok } from '../../../shared/ipc/result.ts'
import type { ServerMessage } from '../../../shared/ipc/wire.ts'

describe('the bridge of the desktop window', () => {
  it('aborts a call by its number when its signal fires, and not after its answer', async () => {
    const aborted: string[] = []
    const asked: string[] = []
    let answer: (value: ReturnType<typeof ok>) => void = () => {}
    const preload = {
      ipcVersion: 1,
      platform: 'darwin',
      invoke: (_name: string, _input: unknown, callId: string) => {
        asked.push(callId)
        return new Promise((resolve) => {
          answer = resolve
        })
      },
      abort: (callId: string) => aborted.push(callId),
      subscribe: () => () => {},
      onMenuCommand: () => () => {},
      pathOfFile: () => null,
    } as unknown as PreloadBridge
    const bridge = adaptPreload(preload)
    const controller = new AbortController()
    const result = bridge.invoke('machines.refresh', {}, { signal: controller.signal })
    controller.abort()
    expect(aborted).toEqual(asked)
    answer(ok(1))
    expect(await result).toEqual(ok(1))
    expect(await bridge.invoke('jobs.list', {}, { signal: controller.signal })).toMatchObject({
      problem: { code: 'ipc/aborted' },
    })
    expect(asked).toHaveLength(1)
  })
})

/** A WebSocket whose other end is the test. */
class FakeSocket extends EventTarget {
  static all: FakeSocket[] = []
  readonly sent: Record<string, unknown>[] = []
  constructor() {
    super()
    FakeSocket.all.push(this)
  }
  send(text: string) {
    this.sent.push(JSON.parse(text))
  }
  says(message: ServerMessage) {
    this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(message) }))
  }
  closes() {
    this.dispatchEvent(new Event('close'))
  }
}

describe('the bridge of the page in a browser', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    FakeSocket.all = []
    vi.stubGlobal('WebSocket', FakeSocket)
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })
  const newest = () => FakeSocket.all.at(-1) as FakeSocket
  const welcome: ServerMessage = { kind: 'welcome', ipcVersion: 1 }

  it('holds calls until the first connection, and matches the answer to its call', async () => {
    const bridge = openWebBridge('ws://127.0.0.1:1/bridge')
    const result = bridge.invoke('jobs.list', {})
    expect(newest().sent).toEqual([])
    newest().says(welcome)
    await vi.advanceTimersByTimeAsync(0)
    expect(newest().sent).toMatchObject([{ kind: 'call', name: 'jobs.list' }])
    newest().says({ kind: 'result', id: newest().sent[0]?.id as number, result: ok([]) })
    expect(await result).toEqual(ok([]))
  })

  it('connects again ever more slowly, subscribes anew, and tells whether it is connected', async () => {
    const bridge = openWebBridge('ws://127.0.0.1:1/bridge')
    const states: boolean[] = []
    const kinds: string[] = []
    bridge.onConnection((connected) => states.push(connected))
    bridge.subscribe('jobs', (message) => kinds.push(message.kind))
    newest().says(welcome)
    const waiting = bridge.invoke('jobs.list', {})
    await vi.advanceTimersByTimeAsync(0)
    newest().closes()
    expect(await waiting).toMatchObject({ problem: { code: 'ipc/disconnected' } })
    expect(await bridge.invoke('jobs.list', {})).toMatchObject({ problem: { code: 'ipc/disconnected' } })
    for (const pause of [250, 500, 1000, 2000, 4000, 5000, 5000]) {
      const before = FakeSocket.all.length
      await vi.advanceTimersByTimeAsync(pause - 1)
      expect(FakeSocket.all).toHaveLength(before)
      await vi.advanceTimersByTimeAsync(1)
      expect(FakeSocket.all).toHaveLength(before + 1)
      newest().closes()
    }
    await vi.advanceTimersByTimeAsync(5000)
    newest().says(welcome)
    expect(states).toEqual([true, false, true])
    const [subscribe] = newest().sent
    expect(subscribe).toMatchObject({ kind: 'subscribe', topic: 'jobs' })
    const message = { kind: 'snapshot', topic: 'jobs', seq: 0, items: [] } as const
    newest().says({ kind: 'push', id: subscribe?.id as number, message })
    expect(kinds).toEqual(['snapshot'])
  })
})
