import type { CallName, CoreCallName, Output, ParsedInput } from '../../../shared/ipc/contract.ts'

/** One function per call: a missing or wrong one does not compile. Problems are thrown as `FloeError`. */
export type Handlers<Names extends CallName = CoreCallName> = {
  readonly [N in Names]: (input: ParsedInput<N>, signal: AbortSignal) => Promise<Output<N>>
}
