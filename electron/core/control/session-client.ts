import type { TopicMessage, TopicName } from '../../../shared/ipc/contract.ts'
import { failed, type Result } from '../../../shared/ipc/result.ts'
import { disconnected } from '../../../shared/ipc/wire-client.ts'
import { FloeError, toProblem } from '../errors.ts'
import type { FloeClient } from '../gate/client.ts'

interface Subscription {
  readonly topic: TopicName
  readonly listener: (message: TopicMessage) => void
  stop: (() => void) | null
}

/**
 * The client of a home session: passes everything on to the core's client of the moment, and carries subscriptions
 * over to the next one. While there is none, calls wait for it (a guest that takes over) or fail (a one-shot command).
 */
export class SessionClient implements FloeClient {
  #current: Promise<FloeClient>
  #resolve: (client: FloeClient) => void = () => {}
  #reject: (error: unknown) => void = () => {}
  #subscriptions = new Set<Subscription>()
  #now: FloeClient | null = null

  constructor() {
    this.#current = this.#pending()
  }

  readonly invoke: FloeClient['invoke'] = (name, input, signal) =>
    this.#call((client) => client.invoke(name, input, signal))

  invokeUnchecked(name: string, input: unknown, signal?: AbortSignal): Promise<Result<unknown>> {
    return this.#call((client) => client.invokeUnchecked(name, input, signal))
  }

  subscribe<T extends TopicName>(topic: T, listener: (message: TopicMessage<T>) => void): () => void {
    const subscription: Subscription = { topic, listener: listener as Subscription['listener'], stop: null }
    this.#subscriptions.add(subscription)
    if (this.#now !== null) subscription.stop = this.#now.subscribe(topic, listener)
    return () => {
      this.#subscriptions.delete(subscription)
      subscription.stop?.()
      subscription.stop = null
    }
  }

  /** From now on this client answers; every subscriber gets its snapshot. */
  use(client: FloeClient): void {
    this.#now = client
    this.#resolve(client)
    this.#current = Promise.resolve(client)
    for (const subscription of this.#subscriptions) {
      subscription.stop = client.subscribe(subscription.topic, subscription.listener)
    }
  }

  /** The owner left; another client is about to come. */
  wait(): void {
    this.#detach()
    this.#current = this.#pending()
  }

  /** The client did not come this time: fails the calls that waited, and goes on waiting. */
  fail(error: unknown): void {
    this.#reject(error)
    this.wait()
  }

  /** There will be no other client. */
  end(): void {
    this.#detach()
    this.#reject(new FloeError('ipc/disconnected', disconnected.message))
    this.#current = this.#pending()
    this.#reject(new FloeError('ipc/disconnected', disconnected.message))
  }

  async #call<T>(ask: (client: FloeClient) => Promise<Result<T>>): Promise<Result<T>> {
    let client: FloeClient
    try {
      client = await this.#current
    } catch (error) {
      return failed(toProblem(error))
    }
    return ask(client)
  }

  #detach(): void {
    this.#now = null
    for (const subscription of this.#subscriptions) {
      subscription.stop?.()
      subscription.stop = null
    }
  }

  #pending(): Promise<FloeClient> {
    const pending = new Promise<FloeClient>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    pending.catch(() => {})
    return pending
  }
}
