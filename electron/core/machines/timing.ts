/** How often Floe looks, and how long it waits, in milliseconds. */
export interface MachineTiming {
  readonly watchedMs: number
  readonly idleMs: number
  /** How often running processes without a connection are checked for having ended. */
  readonly pidCheckMs: number
  readonly releaseAfterMs: number
  readonly statusTimeoutMs: number
  /** How often a guest agent is asked while somebody watches, and otherwise. */
  readonly agentWatchedMs: number
  readonly agentIdleMs: number
  /** How long an agent's answer counts. A little longer than the pauses between the questions. */
  readonly agentValidMs: number
  readonly agentAnswerMs: number
}

export const usualTiming: MachineTiming = {
  watchedMs: 5_000,
  idleMs: 60_000,
  pidCheckMs: 1_000,
  releaseAfterMs: 1_000,
  statusTimeoutMs: 5_000,
  agentWatchedMs: 60_000,
  agentIdleMs: 280_000,
  agentValidMs: 300_000,
  agentAnswerMs: 5_000,
}
