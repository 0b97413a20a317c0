// What the window knows: one store per topic, filled by sync.ts alone. Nothing here is a guess of the window's own.
import { createStore, type StoreApi } from 'zustand/vanilla'
import type { TopicItem, TopicName } from '../../../shared/ipc/contract.ts'

export interface Entities<T> {
  readonly byId: Readonly<Record<string, T>>
  /** Number of the last change taken in; -1 before the first snapshot. */
  readonly seq: number
  /** False until the first snapshot arrived. */
  readonly loaded: boolean
}

export type Stores = { readonly [T in TopicName]: StoreApi<Entities<TopicItem<T>>> }

export const topicNames = [
  'machines',
  'destinations',
  'jobs',
  'points',
  'restores',
  'activity',
  'demo',
  'settings',
] as const satisfies readonly TopicName[]

function createEntityStore<T extends TopicName>(): StoreApi<Entities<TopicItem<T>>> {
  return createStore<Entities<TopicItem<T>>>(() => ({ byId: {}, seq: -1, loaded: false }))
}

export function createStores(): Stores {
  return {
    machines: createEntityStore<'machines'>(),
    destinations: createEntityStore<'destinations'>(),
    jobs: createEntityStore<'jobs'>(),
    points: createEntityStore<'points'>(),
    restores: createEntityStore<'restores'>(),
    activity: createEntityStore<'activity'>(),
    demo: createEntityStore<'demo'>(),
    settings: createEntityStore<'settings'>(),
  }
}
