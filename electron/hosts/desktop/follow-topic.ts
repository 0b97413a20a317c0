import type { TopicItem, TopicName } from '../../../shared/ipc/contract.ts'
import type { FloeClient } from '../../core/gate/client.ts'

export interface Followed<T extends TopicName> {
  items(): readonly TopicItem<T>[]
  onChange(listener: (items: readonly TopicItem<T>[]) => void): void
}

/** Keeps the newest state of a topic for the host's own use, for as long as the app runs. */
export function followTopic<T extends TopicName>(client: FloeClient, topic: T): Followed<T> {
  const items = new Map<string, TopicItem<T>>()
  const listeners = new Set<(items: readonly TopicItem<T>[]) => void>()
  client.subscribe(topic, (message) => {
    if (message.kind === 'snapshot') {
      items.clear()
      for (const item of message.items) items.set(item.id, item)
    } else {
      for (const item of message.upserts) items.set(item.id, item)
      for (const id of message.removals) items.delete(id)
    }
    for (const listener of listeners) listener([...items.values()])
  })
  return {
    items: () => [...items.values()],
    onChange: (listener) => {
      listeners.add(listener)
      listener([...items.values()])
    },
  }
}
