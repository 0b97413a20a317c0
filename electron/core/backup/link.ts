import type { Problem } from '../../../shared/errors/problem.ts'
import { FloeError } from '../errors.ts'
import type { QmpSession } from '../qmp/types.ts'

/** The images of a machine that is off: a copy of them is good only if nobody touched them meanwhile. */
export interface SourceImages {
  /** Looks again and again until aborted; tells the first thing that makes the copy worthless. Never rejects. */
  follow(signal: AbortSignal, onTrouble: (problem: Problem) => void): Promise<void>
  /** To be asked once the images are let go, before the copy counts. @throws FloeError `backup/changed-while-off`, `backup/started-while-off` */
  assertUntouched(): Promise<void>
}

/**
 * A backup's hold on the process that copies: the machine's own QEMU, or the storage daemon that stands in for a
 * machine that is off. Errors: MachineEnded when that process is gone, Detached when Floe lets go.
 */
export interface QemuLink {
  /** How often a connection broke. */
  readonly breaks: number
  /** Null or missing: a running QEMU is read, whose copy shows one instant by itself. */
  readonly images?: SourceImages | null
  session(): Promise<QmpSession>
  /** Does something that may be repeated, on a new connection when the old one breaks. */
  use<T>(work: (session: QmpSession) => Promise<T>): Promise<T>
  /** Gives the connection back. */
  close(): Promise<void>
  /** Ends all waiting with Detached. */
  detach(): Promise<void>
}

/** A monitor that does not answer is slow, not dead: QEMU's main loop may stall under a slow target (peers.md E7). */
export function unlessSlow(error: unknown): void {
  if (!(error instanceof FloeError) || error.code !== 'machine/timeout') throw error
}
