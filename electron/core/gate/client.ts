import type { CallName, Input, Output, TopicMessage, TopicName } from '../../../shared/ipc/contract.ts'
import type { Result } from '../../../shared/ipc/result.ts'

/**
 * The contract as a host uses it, whether the core runs in this process or in another one on the same home.
 * Never throws for a problem of the core: problems come back in the `Result`.
 */
export interface FloeClient {
  invoke<N extends CallName>(name: N, input: Input<N>, signal?: AbortSignal): Promise<Result<Output<N>>>
  /** As `invoke`, for input that was not checked yet. */
  invokeUnchecked(name: string, input: unknown, signal?: AbortSignal): Promise<Result<unknown>>
  subscribe<T extends TopicName>(topic: T, listener: (message: TopicMessage<T>) => void): () => void
}
