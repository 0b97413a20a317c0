// The only writer of the stores: takes snapshots and deltas from the host and asks anew when one was missed.
import type { StoreApi } from 'zustand/vanilla'
import type { Bridge } from '../../../shared/ipc/channels.ts'
import type { TopicItem, TopicMessage, TopicName } from '../../../shared/ipc/contract.ts'
import { type Entities, type Stores, topicNames } from './stores.ts'

/** Starts following all topics; call the answer to stop. */
export function startSync(bridge: Bridge, stores: Stores): () => void {
  const stops = topicNames.map((topic) => follow(bridge, topic, stores))
  return () => {
    for (const stop of stops) stop()
  }
}

function follow<T extends TopicName>(bridge: Bridge, topic: T, stores: Stores): () => void {
  const store = stores[topic] as unknown as StoreApi<Entities<TopicItem<T>>>
  let stopped = false
  let generation = 0
  let unsubscribe: () => void = () => {}

  const subscribe = (): void => {
    const mine = ++generation
    unsubscribe = bridge.subscribe(topic, (message) => {
      if (stopped || mine !== generation) return
      const next = applyMessage(store.getState(), message)
      if (next === 'gap') {
        generation += 1
        queueMicrotask(() => {
          unsubscribe()
          if (!stopped) subscribe()
        })
      } else if (next !== store.getState()) store.setState(next, true)
    })
  }

  subscribe()
  return () => {
    stopped = true
    unsubscribe()
  }
}

/** The state after a message; `gap` when a delta in between was missed. A repeated delta changes nothing. */
export function applyMessage<T extends TopicName>(
  state: Entities<TopicItem<T>>,
  message: TopicMessage<T>,
): Entities<TopicItem<T>> | 'gap' {
  if (message.kind === 'snapshot') {
    return { byId: keyed(message.items), seq: message.seq, loaded: true }
  }
  if (!state.loaded || message.seq > state.seq + 1) return 'gap'
  if (message.seq <= state.seq) return state
  const byId: Record<string, TopicItem<T>> = { ...state.byId, ...keyed(message.upserts) }
  for (const id of message.removals) delete byId[id]
  return { byId, seq: message.seq, loaded: true }
}

function keyed<Item extends { readonly id: string }>(items: readonly Item[]): Record<string, Item> {
  return Object.fromEntries(items.map((item) => [item.id, item]))
}
