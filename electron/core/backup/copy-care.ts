import type { Job } from '../../../shared/domain/job.ts'
import { standsStillAfterMs } from './stall.ts'

/** Why a copy waits, for people. Bytes only for `no-space`. */
export interface CopyPause {
  readonly reason: 'user' | 'no-space' | 'asleep'
  readonly neededBytes: number | null
  readonly freeBytes: number | null
}

/** What looking after a copy found, for people. */
export type CopyCare = Pick<Job, 'impact' | 'scratch' | 'stalledSince'>

export const nothingFound: CopyCare = { impact: null, scratch: null, stalledSince: null }

/** Milliseconds. */
export interface CareTiming {
  /** Between two looks at the guest's latency. */
  readonly governEvery: number
  readonly stallAfter: number
  /** Between two looks at the clock, also while QEMU does not answer. */
  readonly stallLook: number
}

export const careTiming: CareTiming = { governEvery: 2_000, stallAfter: standsStillAfterMs, stallLook: 1_000 }
