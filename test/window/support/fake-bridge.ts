// A host for window tests: answers calls as told, pushes topics as told, remembers what it was asked.
import type { Problem } from '../../../shared/errors/problem.ts'
import type { Bridge, MenuCommand } from '../../../shared/ipc/channels.ts'
import type { CallName, Input, Output, TopicItem, TopicMessage, TopicName } from '../../../shared/ipc/contract.ts'
import type { Result } from '../../../shared/ipc/result.ts'

type Answer<N extends CallName> = (input: Input<N>) => Result<Output<N>> | Promise<Result<Output<N>>>
type Collections = { [T in TopicName]: Map<string, TopicItem<T>> }
type Listener = (message: TopicMessage<never>) => void

export interface FakeBridge extends Bridge {
  /** Every call so far, oldest first. */
  readonly asked: readonly { readonly name: CallName; readonly input: unknown }[]
  /** How often each topic was subscribed to. */
  readonly subscriptions: ReadonlyMap<TopicName, number>
  answer<N extends CallName>(name: N, answer: Answer<N>): void
  /** Pushes a delta and keeps it for later snapshots. */
  push<T extends TopicName>(topic: T, upserts: readonly TopicItem<T>[], removals?: readonly string[]): void
  /** Changes the collection without telling anybody: the next delta leaves a gap. */
  pushUnheard<T extends TopicName>(topic: T, upserts: readonly TopicItem<T>[]): void
  menu(command: MenuCommand): void
  setConnected(connected: boolean): void
}

export interface FakeBridgeOptions {
  readonly host?: Bridge['host']
  readonly platform?: Bridge['platform']
  readonly items?: { readonly [T in TopicName]?: readonly TopicItem<T>[] }
}

const unanswered: Problem = {
  code: 'system/unexpected',
  message: 'The test gave no answer to this call.',
  params: {},
  severity: 'error',
  remedy: null,
  causes: [],
}

export function createFakeBridge(options: FakeBridgeOptions = {}): FakeBridge {
  const platform = options.platform ?? 'linux'
  const collections: Collections = {
    machines: new Map(),
    destinations: new Map(),
    jobs: new Map(),
    points: new Map(),
    restores: new Map(),
    activity: new Map(),
    demo: new Map(),
    settings: new Map(),
  }
  const seqs = new Map<TopicName, number>()
  const listeners = new Map<TopicName, Set<Listener>>()
  const subscriptions = new Map<TopicName, number>()
  const answers = new Map<CallName, (input: never) => unknown>()
  const menuListeners = new Set<(command: MenuCommand) => void>()
  const connectionListeners = new Set<(connected: boolean) => void>()
  const asked: { name: CallName; input: unknown }[] = []

  const keep = (topic: TopicName, upserts: readonly { readonly id: string }[], removals: readonly string[]): number => {
    const items = collections[topic] as Map<string, unknown>
    for (const item of upserts) items.set(item.id, item)
    for (const id of removals) items.delete(id)
    const seq = (seqs.get(topic) ?? 0) + 1
    seqs.set(topic, seq)
    return seq
  }
  for (const [topic, items] of Object.entries(options.items ?? {})) keep(topic as TopicName, items, [])

  const bridge: FakeBridge = {
    ipcVersion: 1,
    host: options.host ?? 'web',
    platform,
    asked,
    subscriptions,
    async invoke(name, input) {
      asked.push({ name, input })
      const answer = answers.get(name)
      return (answer === undefined ? { ok: false, problem: unanswered } : await answer(input as never)) as never
    },
    subscribe(topic, listener) {
      subscriptions.set(topic, (subscriptions.get(topic) ?? 0) + 1)
      const own = listener as unknown as Listener
      const set = listeners.get(topic) ?? new Set()
      listeners.set(topic, set.add(own))
      const items = [...collections[topic].values()]
      listener({ kind: 'snapshot', topic, seq: seqs.get(topic) ?? 0, items } as never)
      return () => set.delete(own)
    },
    onMenuCommand(listener) {
      menuListeners.add(listener)
      return () => menuListeners.delete(listener)
    },
    onConnection(listener) {
      connectionListeners.add(listener)
      return () => connectionListeners.delete(listener)
    },
    pathOfFile: (file) => (file as { readonly path?: string }).path ?? null,
    answer(name, answer) {
      answers.set(name, answer as (input: never) => unknown)
    },
    push(topic, upserts, removals = []) {
      const seq = keep(topic, upserts, removals)
      for (const listener of listeners.get(topic) ?? []) {
        listener({ kind: 'delta', topic, seq, upserts, removals } as never)
      }
    },
    pushUnheard(topic, upserts) {
      keep(topic, upserts, [])
    },
    menu(command) {
      for (const listener of menuListeners) listener(command)
    },
    setConnected(connected) {
      for (const listener of connectionListeners) listener(connected)
    },
  }
  bridge.answer('app.hello', () => ({
    ok: true,
    value: {
      ipcVersion: 1,
      version: '0.1.0',
      platform,
      homeDir: '/home/ann/.floe',
      userDir: '/home/ann',
      can: { chooseFolder: bridge.host === 'desktop', showInFolder: bridge.host === 'desktop' },
    },
  }))
  bridge.answer('machines.refresh', () => ({
    ok: true,
    value: {
      processesChecked: 3,
      foldersChecked: ['/home/ann/.lima', '/home/ann/.colima', '/home/ann/.local/share/containers/podman/machine'],
      found: 0,
    },
  }))
  return bridge
}
