import type { Ports } from '../ports/index.ts'
import { GuardProcess } from './guard-process.ts'
import type { GuestRecord, GuestRecords } from './records.ts'
import type { Danger, GuestGuard } from './types.ts'
import { type KnownGuest, type UndoDeps, undo } from './undo.ts'

export interface TouchedGuestDeps extends UndoDeps {
  readonly ports: Pick<Ports, 'clock' | 'logger' | 'randomBytes' | 'guardCommand'>
  readonly records: GuestRecords
  readonly guardLog: string | null
  readonly retryMs: number
}

/** `held`: somebody is at work with the guest and will lower it. `loose`: it is for the keeper to undo. */
type Hold = 'held' | 'loose'

/**
 * A guest that Floe does something to: its dangers, its record and its guard, in step. The guard knows of a danger
 * and the record tells of it before the guest is touched, and until the guest is well again.
 */
export class TouchedGuest implements GuestGuard {
  readonly guest: KnownGuest
  readonly since: string
  readonly #deps: TouchedGuestDeps
  readonly #token: string
  readonly #dangers = new Map<Danger, Hold>()
  #guard: Promise<GuardProcess> | null = null
  #attempt: Promise<void> | null = null
  /** Everything that changes dangers, record and guard goes one after another. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(guest: KnownGuest, deps: TouchedGuestDeps, since = deps.ports.clock.now().toISOString()) {
    this.guest = guest
    this.since = since
    this.#deps = deps
    this.#token = Buffer.from(deps.ports.randomBytes(12)).toString('hex')
  }

  /** Takes up what a record of an earlier run says. */
  static fromRecord(record: GuestRecord, deps: TouchedGuestDeps): TouchedGuest {
    const { dangers, since, token: _, ...guest } = record
    const touched = new TouchedGuest({ ...guest, qemuPid: guest.qemu?.pid ?? null }, deps, since)
    for (const danger of dangers) touched.#dangers.set(danger, 'loose')
    return touched
  }

  /** Makes the record its own, with a guard. Never rejects: the guest is to be undone in any case. */
  async takeOver(): Promise<void> {
    await this.keepGuarded()
    await this.#inTurn(() => this.#keepRecord())
  }

  /** Starts a guard again when there is something to guard and the last one is gone. Never rejects. */
  keepGuarded(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.isWell) return
      await this.#startedGuard().catch((error: unknown) => {
        this.#deps.ports.logger.error(`No guard could be started for ${this.guest.machineName}`, { error })
      })
    })
  }

  get isWell(): boolean {
    return this.#dangers.size === 0
  }

  holds(danger: Danger): Hold | null {
    return this.#dangers.get(danger) ?? null
  }

  get isLoose(): boolean {
    return [...this.#dangers.values()].includes('loose')
  }

  raise(danger: Danger): Promise<void> {
    return this.#inTurn(async () => {
      const before = this.#dangers.get(danger)
      const wasWell = this.isWell
      try {
        const guard = await this.#startedGuard()
        this.#dangers.set(danger, 'held')
        if (wasWell) await this.#deps.records.write(this.#record())
        else await this.#deps.records.writeQuickly(this.#record())
        await guard.tell(`raise ${danger}`)
      } catch (error) {
        if (before) this.#dangers.set(danger, before)
        else this.#dangers.delete(danger)
        await this.#keepRecord()
        throw error
      } finally {
        // What is done in any case, this process at least must know of.
        if (danger === 'stopped') this.#dangers.set(danger, 'held')
      }
    })
  }

  /** Never rejects: the guest is well, whatever becomes of the notes about it. */
  lower(danger: Danger): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#dangers.delete(danger)) return
      const { logger } = this.#deps.ports
      const guard = await this.#guard?.catch(() => null)
      await guard?.tell(`lower ${danger}`).catch((error: unknown) => {
        if (!guard.ended) logger.error(`The guard of ${this.guest.machineName} does not listen`, { error })
      })
      await this.#keepRecord()
    })
  }

  /** For whoever got this as a guard: `raise` and `lower` are theirs, the process is the keeper's. */
  dismiss(): Promise<void> {
    return this.lower('stopped')
  }

  /** What is held of these becomes the keeper's to undo; false when there is nothing. */
  letGo(dangers: readonly Danger[]): boolean {
    const held = dangers.filter((danger) => this.#dangers.get(danger) === 'held')
    for (const danger of held) this.#dangers.set(danger, 'loose')
    return held.length > 0
  }

  /**
   * One attempt to undo what is loose; callers at the same time share it.
   * @throws FloeError `agent/*`, `machine/*` of what could not be undone
   */
  undoLoose(): Promise<void> {
    this.#attempt ??= this.#undoNow().finally(() => {
      this.#attempt = null
    })
    return this.#attempt
  }

  /** Ends the guard; when something is left to undo, it does that first. */
  async release(): Promise<void> {
    await this.#inTurn(async () => {
      const guard = await this.#guard?.catch(() => null)
      this.#guard = null
      if (this.isWell) await guard?.dismiss()
      else guard?.abandon()
    })
  }

  async #undoNow(): Promise<void> {
    const failures: unknown[] = []
    // A guest whose CPUs stand still cannot thaw.
    for (const danger of ['stopped', 'frozen'] as const) {
      if (this.#dangers.get(danger) !== 'loose') continue
      try {
        await undo(danger, this.guest, this.#deps, async () => this.#dangers.get(danger) === 'loose')
        if (this.#dangers.get(danger) === 'loose') await this.lower(danger)
      } catch (error) {
        failures.unshift(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }

  #record(): GuestRecord {
    const { machineId, machineName, agent, qmp, qemu } = this.guest
    const known = { machineId, machineName, agent, qmp, qemu: qemu ?? null }
    return { token: this.#token, ...known, dangers: [...this.#dangers.keys()], since: this.since }
  }

  async #keepRecord(): Promise<void> {
    const { records, ports } = this.#deps
    const write = this.isWell ? records.remove(this.guest.machineId) : records.writeQuickly(this.#record())
    await write.catch((error: unknown) => {
      ports.logger.error(`The record of what Floe did to ${this.guest.machineName} cannot be changed`, { error })
    })
  }

  /** A guard that has ended, for whatever reason, is replaced by one that knows as much. */
  async #startedGuard(): Promise<GuardProcess> {
    const running = await this.#guard?.catch(() => null)
    if (running && !running.ended) return running
    const { ports, records, guardLog, retryMs } = this.#deps
    const { guest } = this
    const record = records.pathOf(guest.machineId)
    const start = GuardProcess.start(ports.guardCommand, { guest, record, token: this.#token, log: guardLog, retryMs })
    this.#guard = start
    const guard = await start
    for (const danger of this.#dangers.keys()) await guard.tell(`raise ${danger}`)
    return guard
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(act)
    this.#last = mine.catch(() => {})
    return mine
  }
}
