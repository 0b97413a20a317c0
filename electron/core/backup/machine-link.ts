// A backup's hold on its machine. The connection may break while QEMU goes on copying; then it is opened again for as
// long as it takes, because nobody may throw away files that QEMU still writes to. Only a machine that is gone ends it.
import { setTimeout as wait } from 'node:timers/promises'
import type { MachineId } from '../../../shared/domain/ids.ts'
import { FloeError } from '../errors.ts'
import { goneCodes } from '../machines/gone.ts'
import type { MachineLease, MachineService } from '../machines/types.ts'
import type { Logger } from '../ports/index.ts'
import { processIdentity } from '../ports/process-identity.ts'
import type { QmpSession } from '../qmp/types.ts'
import type { QemuLink } from './link.ts'

/** The QEMU that ran the backup has ended. */
export class MachineEnded extends Error {
  override readonly name = 'MachineEnded'
}

/** Floe lets go of the backup; QEMU goes on with it. */
export class Detached extends Error {
  override readonly name = 'Detached'
}

const quickRetryMs = 200
const quickRetries = 10
const slowRetryMs = 3_000

export class MachineLink implements QemuLink {
  /** How often a connection broke. */
  breaks = 0
  readonly #machines: Pick<MachineService, 'acquire' | 'get'>
  readonly #machineId: MachineId
  readonly #pid: number | null
  readonly #logger: Logger
  readonly #detached = new AbortController()
  #lease: MachineLease | null
  #broken = false
  #opening: Promise<MachineLease> | null = null

  constructor(
    machines: Pick<MachineService, 'acquire' | 'get'>,
    /** `pid`: the QEMU that runs the backup; null when unknown. */
    machine: { readonly id: MachineId; readonly pid: number | null },
    logger: Logger,
    lease: MachineLease | null,
  ) {
    this.#machines = machines
    this.#machineId = machine.id
    this.#pid = machine.pid
    this.#logger = logger
    this.#lease = lease
    if (lease) this.#watch(lease)
  }

  /** A connection that stands. @throws MachineEnded, Detached */
  async session(): Promise<QmpSession> {
    if (this.#detached.signal.aborted) throw new Detached()
    if (this.#lease && !this.#broken) return this.#lease.session
    this.#opening ??= this.#reopen().finally(() => {
      this.#opening = null
    })
    return (await this.#opening).session
  }

  /** Does something that may be repeated, on a new connection when the old one breaks. @throws MachineEnded, Detached */
  async use<T>(work: (session: QmpSession) => Promise<T>): Promise<T> {
    for (;;) {
      const session = await this.session()
      try {
        return await work(session)
      } catch (error) {
        if (!(error instanceof FloeError) || error.code !== 'machine/interrupted') throw error
        await session.closed
      }
    }
  }

  /** Gives the connection back. */
  async close(): Promise<void> {
    const lease = this.#lease
    this.#lease = null
    await lease?.[Symbol.asyncDispose]()
  }

  /** Ends all waiting with Detached. */
  async detach(): Promise<void> {
    this.#detached.abort()
    await this.close()
  }

  #watch(lease: MachineLease): void {
    this.#broken = false
    void lease.session.closed.then(() => {
      if (this.#lease !== lease) return
      this.#broken = true
      this.breaks += 1
    })
  }

  /** A socket that was deleted, or a machine that was taken off the list, does not end the QEMU that copies. */
  async #stillRuns(): Promise<boolean> {
    if (this.#pid === null) return false
    try {
      return this.#machines.get(this.#machineId).pid === this.#pid
    } catch {
      return (await processIdentity(this.#pid)) !== null
    }
  }

  async #reopen(): Promise<MachineLease> {
    for (let attempt = 1; ; attempt += 1) {
      if (this.#detached.signal.aborted) throw new Detached()
      await this.close()
      try {
        const lease = await this.#machines.acquire(this.#machineId)
        if (this.#detached.signal.aborted) {
          await lease[Symbol.asyncDispose]()
          throw new Detached()
        }
        this.#lease = lease
        this.#watch(lease)
        return lease
      } catch (error) {
        if (error instanceof Detached) throw error
        if (error instanceof FloeError && goneCodes.has(error.code) && !(await this.#stillRuns())) {
          throw new MachineEnded('The machine is not running any more.', { cause: error })
        }
        this.#logger.warn('Cannot reach a machine that is being backed up; trying again', {
          attempt,
          error: String(error),
        })
      }
      await wait(attempt <= quickRetries ? quickRetryMs : slowRetryMs, undefined, {
        signal: this.#detached.signal,
      }).catch(() => {})
    }
  }
}
