import type { TopicItem, TopicMessage, TopicName } from '../../../shared/ipc/contract.ts'
import type { Clock } from '../ports/index.ts'
import type { Topic } from '../topics/topic.ts'

/** Milliseconds between two deltas of one topic (ux.md 4: at most four updates a second). */
export const pace = 250

/**
 * Subscribes so that `listener` hears at most four deltas a second: what changes in between is merged, newest wins.
 * A job that changes its state is told at once, so nobody sees a finished job run on. Deltas are numbered anew, without
 * gaps, from the snapshot's number.
 */
export function paced<T extends TopicName>(
  clock: Pick<Clock, 'monotonic'>,
  topic: Topic<T>,
  listener: (message: TopicMessage<T>) => void,
): () => void {
  const upserts = new Map<string, TopicItem<T>>()
  const removals = new Set<string>()
  const states = new Map<string, string>()
  let seq = 0
  let toldAt = Number.NEGATIVE_INFINITY
  let timer: ReturnType<typeof setTimeout> | null = null

  const tell = () => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    toldAt = clock.monotonic()
    seq += 1
    const message = { kind: 'delta', topic: topic.name, seq, upserts: [...upserts.values()], removals: [...removals] }
    upserts.clear()
    removals.clear()
    listener(message as TopicMessage<T>)
  }

  const changesState = (item: TopicItem<T>): boolean => {
    const state = stateOf(item)
    const changed = state !== null && states.get(item.id) !== state
    if (state !== null) states.set(item.id, state)
    return changed
  }

  const unsubscribe = topic.subscribe((message) => {
    if (message.kind === 'snapshot') {
      seq = message.seq
      message.items.forEach(changesState)
      listener(message)
      return
    }
    let urgent = false
    for (const item of message.upserts) {
      upserts.set(item.id, item)
      removals.delete(item.id)
      urgent = changesState(item) || urgent
    }
    for (const id of message.removals) {
      upserts.delete(id)
      removals.add(id)
      states.delete(id)
    }
    const wait = toldAt + pace - clock.monotonic()
    if (urgent || wait <= 0) tell()
    else timer ??= setTimeout(tell, wait)
  })

  return () => {
    unsubscribe()
    if (timer !== null) clearTimeout(timer)
    timer = null
  }
}

/** The state of a job; null for everything that is not one. */
function stateOf(item: object): string | null {
  if (!('kind' in item && 'phases' in item && 'state' in item)) return null
  return (item.state as { readonly kind: string }).kind
}
