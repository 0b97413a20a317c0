import type { NbdClient } from '../nbd/client.ts'
import type { Slots } from './slots.ts'

/** Between one reader and the server behind: what answering a request needs. */
export interface Line {
  readonly upstream: NbdClient
  readonly slots: Slots
  /** Resolves when the reader has taken the bytes, or will take nothing any more. Never rejects. */
  send(bytes: Buffer): Promise<void>
  /** Nothing more can be answered. */
  end(): void
}

export interface Range {
  readonly cookie: bigint
  readonly offset: number
  readonly length: number
}
