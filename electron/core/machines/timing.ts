/** How often Floe looks, and how long it waits, in milliseconds. */
export interface MachineTiming {
  readonly watchedMs: number
  readonly idleMs: number
  /** How often running processes without a connection are checked for having ended. */
  readonly pidCheckMs: number
  readonly releaseAfterMs: number
  readonly statusTimeoutMs: number
}

export const usualTiming: MachineTiming = {
  watchedMs: 5_000,
  idleMs: 60_000,
  pidCheckMs: 1_000,
  releaseAfterMs: 1_000,
  statusTimeoutMs: 5_000,
}
