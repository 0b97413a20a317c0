import type { QmpSession } from '../qmp/types.ts'

/**
 * A backup's hold on the process that copies: the machine's own QEMU, or the storage daemon that stands in for a
 * machine that is off. Errors: MachineEnded when that process is gone, Detached when Floe lets go.
 */
export interface QemuLink {
  /** How often a connection broke. */
  readonly breaks: number
  session(): Promise<QmpSession>
  /** Does something that may be repeated, on a new connection when the old one breaks. */
  use<T>(work: (session: QmpSession) => Promise<T>): Promise<T>
  /** Gives the connection back. */
  close(): Promise<void>
  /** Ends all waiting with Detached. */
  detach(): Promise<void>
}
