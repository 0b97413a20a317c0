import type { Problem } from '../errors/problem.ts'
import type { TopicMessage, TopicName } from './contract.ts'
import { failed, type Result } from './result.ts'
import type { CancelSignal } from './signal.ts'
import type { ClientMessage, ServerMessage } from './wire.ts'

type Send = (message: ClientMessage) => void
type Listener = (message: TopicMessage) => void

export const disconnected: Problem = {
  code: 'ipc/disconnected',
  message: 'The connection to Floe ended before it answered.',
  params: {},
  severity: 'error',
  remedy: 'What was asked for may still have happened: look before asking again.',
  causes: [],
}

export const aborted: Problem = {
  code: 'ipc/aborted',
  message: 'The request was cancelled before it was answered.',
  params: {},
  severity: 'warning',
  remedy: null,
  causes: [],
}

/**
 * The asking end of the wire: matches answers to calls and pushes to listeners. The transport may come and go:
 * `lost` fails what waits for an answer, `connected` subscribes again, so that every listener gets a fresh snapshot.
 */
export class WireClient {
  #send: Send | null = null
  #lastId = 0
  #calls = new Map<number, (result: Result<unknown>) => void>()
  #subscriptions = new Map<number, { readonly topic: TopicName; readonly listener: Listener }>()

  connected(send: Send): void {
    this.#send = send
    for (const [id, { topic }] of this.#subscriptions) send({ kind: 'subscribe', id, topic })
  }

  lost(problem: Problem = disconnected): void {
    this.#send = null
    const waiting = [...this.#calls.values()]
    this.#calls.clear()
    for (const answer of waiting) answer(failed(problem))
  }

  call(name: string, input: unknown, signal?: CancelSignal): Promise<Result<unknown>> {
    const send = this.#send
    if (send === null) return Promise.resolve(failed(disconnected))
    if (signal?.aborted) return Promise.resolve(failed(aborted))
    this.#lastId += 1
    const id = this.#lastId
    return new Promise((resolve) => {
      const abort = () => this.#send?.({ kind: 'abort', id })
      this.#calls.set(id, (result) => {
        signal?.removeEventListener('abort', abort)
        resolve(result)
      })
      signal?.addEventListener('abort', abort)
      send({ kind: 'call', id, name, input })
    })
  }

  subscribe(topic: TopicName, listener: Listener): () => void {
    this.#lastId += 1
    const id = this.#lastId
    this.#subscriptions.set(id, { topic, listener })
    this.#send?.({ kind: 'subscribe', id, topic })
    return () => {
      if (this.#subscriptions.delete(id)) this.#send?.({ kind: 'unsubscribe', id })
    }
  }

  receive(message: ServerMessage): void {
    if (message.kind === 'result') {
      const answer = this.#calls.get(message.id)
      this.#calls.delete(message.id)
      answer?.(message.result)
    } else if (message.kind === 'push') {
      this.#subscriptions.get(message.id)?.listener(message.message)
    }
  }
}
