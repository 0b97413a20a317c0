// Keeps guests from staying frozen or stopped: it freezes around an instant, thaws whatever happens, goes on with thaws
// that are not confirmed, and takes up what an earlier Floe left. What Floe does to one guest goes one after another.
import { setTimeout as delay } from 'node:timers/promises'
import type { Ports } from '../ports/index.ts'
import { processIdentity } from '../ports/process-identity.ts'
import { freezeRequired, type Taken, takeFrozen } from './around.ts'
import { notFrozen } from './freeze.ts'
import { openAgent } from './open-agent.ts'
import { GuestRecords } from './records.ts'
import { TouchedGuest, type TouchedGuestDeps } from './touched-guest.ts'
import type { Danger, GuestAccess, GuestGuard, GuestKeeper, OpenAgent } from './types.ts'
import type { KnownGuest, UndoDeps } from './undo.ts'

export interface KeeperDeps {
  readonly ports: Pick<Ports, 'clock' | 'logger' | 'randomBytes' | 'guardCommand'>
  /** Holds a file for each guest that is frozen or stopped; made when it is needed. */
  readonly recordsDir: string
  /** Where a guard notes what it had to undo. */
  readonly guardLog?: string | null
  readonly openAgent?: OpenAgent
  /** QEMU talks to one program at a time: whoever holds the connection to a monitor lends it. */
  readonly openMonitor?: UndoDeps['openMonitor']
  /** In milliseconds: between two attempts, for a thaw until the retries take over, for an attempt, `start` and `stop`. */
  readonly timing?: Partial<KeeperTiming>
}

export interface KeeperTiming {
  readonly retryMs: number
  readonly thawMs: number
  readonly attemptMs: number
  readonly startMs: number
  readonly stopMs: number
}

const usualTiming: KeeperTiming = { retryMs: 2_000, thawMs: 5_000, attemptMs: 5_000, startMs: 2_000, stopMs: 5_000 }

type Wish = Parameters<GuestKeeper['around']>[1]
type FreezeWish = Exclude<Wish, { readonly notFrozen: unknown }>
type Take<T> = (guard: GuestGuard) => Promise<T>
type OnPhase = Parameters<GuestKeeper['around']>[3]

export function createGuestKeeper(deps: KeeperDeps): GuestKeeper {
  return new Keeper(deps)
}

class Keeper implements GuestKeeper {
  readonly #ports: KeeperDeps['ports']
  readonly #timing: KeeperTiming
  readonly #touchedDeps: TouchedGuestDeps
  readonly #guests = new Map<string, TouchedGuest>()
  /** The last thing asked of each guest. */
  readonly #turns = new Map<string, Promise<unknown>>()
  readonly #busy = new Set<TouchedGuest>()
  readonly #retrying = new Set<TouchedGuest>()
  readonly #listeners = new Set<() => void>()
  readonly #ending = new AbortController()
  #told = ''

  constructor(deps: KeeperDeps) {
    this.#ports = deps.ports
    this.#timing = { ...usualTiming, ...deps.timing }
    this.#touchedDeps = {
      ports: deps.ports,
      clock: deps.ports.clock,
      randomBytes: deps.ports.randomBytes,
      openAgent: deps.openAgent ?? openAgent,
      ...(deps.openMonitor ? { openMonitor: deps.openMonitor } : {}),
      records: new GuestRecords(deps.recordsDir),
      guardLog: deps.guardLog ?? null,
      retryMs: this.#timing.retryMs,
      attemptMs: this.#timing.attemptMs,
      signal: this.#ending.signal,
    }
  }

  async start(): Promise<void> {
    const { logger } = this.#ports
    const records = await this.#touchedDeps.records.all((text) => logger.error(text))
    const settled = records.map(async (record) => {
      logger.warn(`An earlier Floe may have left ${record.machineName} ${record.dangers.join(' and ')}`)
      const guest = TouchedGuest.fromRecord(record, this.#touchedDeps)
      this.#guests.set(record.machineId, guest)
      this.#tell()
      await guest.takeOver()
      this.#retry(guest)
      await guest.undoLoose().catch(() => {})
    })
    await Promise.race([Promise.all(settled), delay(this.#timing.startMs, undefined, { ref: false })])
  }

  async stop(): Promise<void> {
    const until = this.#ports.clock.monotonic() + this.#timing.stopMs
    while (this.#guests.size > 0 && this.#ports.clock.monotonic() < until) await delay(20)
    this.#ending.abort()
    await Promise.all([...this.#guests.values()].map((guest) => guest.release()))
  }

  around<T>(guest: GuestAccess, wish: Wish, take: Take<T>, onPhase: OnPhase): Promise<Taken<T>> {
    return this.#inTurn(guest.machineId, async () => {
      const touched = await this.#begin(guest)
      try {
        return 'notFrozen' in wish
          ? { value: await take(touched), freeze: wish.notFrozen }
          : await this.#freezeAround(touched, wish, take, onPhase)
      } finally {
        this.#busy.delete(touched)
        this.#letGo(touched, ['frozen', 'stopped'])
        await this.#forgetIfWell(touched)
      }
    })
  }

  async thawNow(machineId: string): Promise<void> {
    const guest = this.#guests.get(machineId)
    if (guest?.holds('frozen') !== 'loose') return
    await guest.undoLoose()
    await this.#forgetIfWell(guest)
  }

  unconfirmed(): ReturnType<GuestKeeper['unconfirmed']> {
    return [...this.#guests.values()]
      .filter((touched) => touched.holds('frozen') === 'loose')
      .map(({ guest, since }) => ({ machineId: guest.machineId, machineName: guest.machineName, since }))
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener)
  }

  /** A guest that is not well yet after an earlier time is tried once more first. */
  async #begin(guest: GuestAccess): Promise<TouchedGuest> {
    const earlier = this.#guests.get(guest.machineId)
    if (earlier) {
      await earlier.undoLoose().catch((error: unknown) => {
        this.#ports.logger.warn(`${guest.machineName} is not well yet after what Floe did to it before`, { error })
      })
      await this.#forgetIfWell(earlier)
    }
    const identified = await identify(guest)
    const touched = this.#guests.get(guest.machineId) ?? new TouchedGuest(identified, this.#touchedDeps)
    this.#guests.set(guest.machineId, touched)
    this.#busy.add(touched)
    return touched
  }

  async #freezeAround<T>(touched: TouchedGuest, wish: FreezeWish, take: Take<T>, onPhase: OnPhase): Promise<Taken<T>> {
    const { machineName } = touched.guest
    if (touched.holds('frozen') !== null) {
      const reason = `${machineName} has not confirmed yet that an earlier freeze was undone.`
      const outcome = notFrozen('no-answer', reason)
      if (wish.required) throw freezeRequired(outcome, touched)
      return { value: await take(touched), freeze: outcome }
    }
    const deps = {
      ports: this.#ports,
      openAgent: this.#touchedDeps.openAgent,
      touched,
      onPhase: (phase: Parameters<OnPhase>[0]) => {
        try {
          onPhase(phase)
        } catch (error) {
          this.#ports.logger.error(`Telling that ${machineName} is ${phase} has failed`, { error })
        }
      },
      thawMs: this.#timing.thawMs,
      onLoose: () => this.#letGo(touched, ['frozen']),
    }
    return takeFrozen(wish, take, deps)
  }

  /** From now on it is for the retries to undo what is raised of these. */
  #letGo(guest: TouchedGuest, dangers: readonly Danger[]): void {
    if (!guest.letGo(dangers)) return
    this.#tell()
    this.#retry(guest)
  }

  #retry(guest: TouchedGuest): void {
    if (this.#retrying.has(guest)) return
    this.#retrying.add(guest)
    void this.#retryUntilWell(guest)
      .catch((error: unknown) => this.#ports.logger.error('Retrying a thaw has failed', { error }))
      .finally(() => this.#retrying.delete(guest))
  }

  async #retryUntilWell(guest: TouchedGuest): Promise<void> {
    const { logger } = this.#ports
    const { machineName } = guest.guest
    for (let attempt = 1; guest.isLoose && !this.#ending.signal.aborted; attempt += 1) {
      try {
        await guest.undoLoose()
        logger.info(`${machineName} is well again after what Floe did to it`, { attempt })
      } catch (error) {
        if (attempt === 1) logger.error(`What Floe did to ${machineName} is not undone yet`, { error })
        if (attempt % 10 === 0) await guest.keepGuarded()
        await delay(this.#timing.retryMs, undefined, { ref: false, signal: this.#ending.signal }).catch(() => {})
      }
    }
    this.#tell()
    await this.#forgetIfWell(guest)
  }

  async #forgetIfWell(guest: TouchedGuest): Promise<void> {
    this.#tell()
    if (!guest.isWell || this.#busy.has(guest)) return
    if (this.#guests.get(guest.guest.machineId) === guest) this.#guests.delete(guest.guest.machineId)
    await guest.release()
  }

  #tell(): void {
    const now = this.unconfirmed()
      .map(({ machineId, since }) => `${machineId} ${since}`)
      .join()
    if (now === this.#told) return
    this.#told = now
    for (const listener of this.#listeners) listener()
  }

  #inTurn<T>(machineId: string, act: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(machineId) ?? Promise.resolve()
    const mine = before.then(act)
    const end = mine.then(
      () => {},
      () => {},
    )
    this.#turns.set(machineId, end)
    void end.then(() => {
      if (this.#turns.get(machineId) === end) this.#turns.delete(machineId)
    })
    return mine
  }
}

/** Notes which process QEMU is, so that nobody is thawed in vain when it is gone. */
async function identify(guest: GuestAccess): Promise<KnownGuest> {
  const pid = guest.qemuPid ?? null
  const identity = pid === null ? null : await processIdentity(pid)
  return { ...guest, qemu: pid === null || identity === null ? null : { pid, identity } }
}
