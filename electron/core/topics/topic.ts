import type { TopicItem, TopicMessage, TopicName } from '../../../shared/ipc/contract.ts'

type Listener<T extends TopicName> = (message: TopicMessage<T>) => void

/**
 * A collection that tells its subscribers what changed: one snapshot at subscription, then deltas with a sequence
 * number. Writers call `set` and `remove` as often as they like; identical items are not told twice.
 */
export class Topic<T extends TopicName> {
  readonly name: T
  #items = new Map<string, { item: TopicItem<T>; text: string }>()
  #listeners = new Set<Listener<T>>()
  #followers = new Set<Listener<T>>()
  #seq = 0
  #onWatched: (watched: boolean) => void = () => {}
  #onError: (error: unknown) => void

  /** `onError` hears of listeners that throw: whoever listens badly must not stop the work that tells. */
  constructor(name: T, onError: (error: unknown) => void = () => {}) {
    this.name = name
    this.#onError = onError
  }

  list(): TopicItem<T>[] {
    return [...this.#items.values()].map((entry) => entry.item)
  }

  get(id: string): TopicItem<T> | undefined {
    return this.#items.get(id)?.item
  }

  set(...items: TopicItem<T>[]): void {
    const upserts = items.filter((item) => {
      const text = JSON.stringify(item)
      if (this.#items.get(item.id)?.text === text) return false
      this.#items.set(item.id, { item, text })
      return true
    })
    if (upserts.length > 0) this.#tell(upserts, [])
  }

  remove(...ids: string[]): void {
    const removals = ids.filter((id) => this.#items.delete(id))
    if (removals.length > 0) this.#tell([], removals)
  }

  /** Makes the collection exactly these items, telling only the differences. */
  replaceAll(items: readonly TopicItem<T>[]): void {
    const kept = new Set(items.map((item) => item.id as string))
    this.set(...items)
    this.remove(...[...this.#items.keys()].filter((id) => !kept.has(id)))
  }

  subscribe(listener: Listener<T>): () => void {
    this.#listeners.add(listener)
    if (this.#listeners.size === 1) this.#onWatched(true)
    listener({ kind: 'snapshot', topic: this.name, seq: this.#seq, items: this.list() })
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#onWatched(false)
    }
  }

  /** For Floe's own parts: as `subscribe`, but nobody looks. */
  follow(listener: Listener<T>): () => void {
    this.#followers.add(listener)
    listener({ kind: 'snapshot', topic: this.name, seq: this.#seq, items: this.list() })
    return () => void this.#followers.delete(listener)
  }

  /** Tells when the first subscriber comes and when the last one goes: somebody looks, or nobody. */
  whenWatched(listener: (watched: boolean) => void): void {
    this.#onWatched = listener
    listener(this.#listeners.size > 0)
  }

  #tell(upserts: TopicItem<T>[], removals: string[]): void {
    this.#seq += 1
    for (const listener of [...this.#followers, ...this.#listeners]) {
      try {
        listener({ kind: 'delta', topic: this.name, seq: this.#seq, upserts, removals })
      } catch (error) {
        this.#onError(error)
      }
    }
  }
}

export type Topics = { readonly [T in TopicName]: Topic<T> }

export function createTopics(onError?: (error: unknown) => void): Topics {
  return {
    machines: new Topic('machines', onError),
    destinations: new Topic('destinations', onError),
    jobs: new Topic('jobs', onError),
    points: new Topic('points', onError),
    restores: new Topic('restores', onError),
    activity: new Topic('activity', onError),
    demo: new Topic('demo', onError),
    settings: new Topic('settings', onError),
  }
}
