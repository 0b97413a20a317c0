import type { FloeError } from '../errors.ts'

/** A QEMU event, as it came. `timestamp` is QEMU's clock in milliseconds since the epoch. */
export interface QmpEvent {
  readonly event: string
  readonly data: Readonly<Record<string, unknown>>
  readonly timestamp: number
}

/**
 * A queue of the events of some names from the moment it was created: create it before the command whose events
 * matter. Iteration ends when the listener or the connection is closed.
 */
export interface QmpEventListener extends AsyncIterable<QmpEvent>, Disposable {
  /** The next event; null when closed. */
  next(signal?: AbortSignal): Promise<QmpEvent | null>
  close(): void
}

/** What this QEMU can do, read from `query-qmp-schema` and never from its version number (qemu.md 10). */
export interface QmpCapabilities {
  hasCommand(name: string): boolean
  /** Does the command take this argument? Dots descend: `x-perf.max-workers`. */
  hasArgument(command: string, argument: string): boolean
  /** Does `blockdev-add` know this driver (and option)? */
  hasDriver(driver: string, option?: string): boolean
}

export interface ExecuteOptions {
  /** Deadline in milliseconds; default 60,000: QEMU's main loop can stall for tens of seconds (peers.md E7). */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** A negotiated QMP connection. Errors: QmpStateError, QmpExecuteError, QmpInterruptedError, QmpProtocolError. */
export interface QmpSession {
  /** "7.2.22" */
  readonly version: string
  execute<T = unknown>(command: string, args?: Readonly<Record<string, unknown>>, options?: ExecuteOptions): Promise<T>
  listen(names: readonly string[]): QmpEventListener
  capabilities(): Promise<QmpCapabilities>
  /** Resolves once with the reason when the connection ends, null after `close()`. Never rejects. */
  readonly closed: Promise<FloeError | null>
  close(): Promise<void>
}
