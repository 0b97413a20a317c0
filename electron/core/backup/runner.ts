// Carries out what transition() wants and feeds the outcomes back as events, one at a time, each journaled before its
// effects start. It decides nothing; how each effect is done is in copy-steps.ts and point-steps.ts.
import type { Point } from '../../../shared/domain/point.ts'
import { FloeError, toProblem } from '../errors.ts'
import type { PartialPoint } from '../repository/types.ts'
import { CopySteps } from './copy-steps.ts'
import type { BackupEffect } from './effects.ts'
import type { BackupEvent } from './events.ts'
import type { SleepingCopy } from './host-sleep.ts'
import { type BackupHeader, firstNotes, type Journal, optionsOf, type RunNotes } from './journal.ts'
import type { QemuLink } from './link.ts'
import { Detached, MachineEnded } from './machine-link.ts'
import { PointSteps } from './point-steps.ts'
import { machineGone, refused } from './problems.ts'
import { placeOf, type RunContext, type RunDependencies, type RunView } from './run-context.ts'
import type { BackupState, Ending } from './state.ts'
import { transition } from './transition.ts'

type Step = Exclude<BackupEffect, { effect: 'finish' }>

const readsInstant = ({ state }: BackupState) => state === 'comparing' || state === 'proving'

export class BackupRun {
  readonly #context: RunContext
  readonly #copy: CopySteps
  readonly #point: PointSteps
  readonly #journal: Journal
  /** For whoever watches the computer's sleep. */
  readonly sleeper: SleepingCopy
  #state: BackupState
  #events: BackupEvent[] = []
  #wake: (() => void) | null = null
  #detached = false

  constructor(
    deps: RunDependencies,
    view: RunView,
    run: {
      header: BackupHeader
      state: BackupState
      notes?: RunNotes
      link: QemuLink
      journal: Journal
      partial: PartialPoint | null
    },
  ) {
    const { header, link, partial, notes = firstNotes(header) } = run
    this.#context = {
      ...{ header, deps, view, link, partial, notes },
      place: placeOf(header),
      post: (event) => this.post(event),
      note: (change) => this.#note(change),
      point: null,
      limit: notes.limit,
      guestError: null,
      images: new Map(),
    }
    this.#copy = new CopySteps(this.#context)
    this.#point = new PointSteps(this.#context)
    this.#state = run.state
    this.#journal = run.journal
    const { control } = this.#copy
    this.sleeper = {
      name: header.machineName,
      fallAsleep: async () => {
        if (this.#state.state !== 'copying') return false
        await control.fallAsleep()
        return true
      },
      answers: () => control.answers(),
      wakeUp: () => control.wakeUp(),
      isOver: () => this.#detached || this.#state.state !== 'copying',
    }
  }

  get header(): BackupHeader {
    return this.#context.header
  }

  /** Did it wait for the computer to wake when an earlier Floe ended? */
  get isAsleep(): boolean {
    return this.#state.state === 'copying' && this.#context.notes.pause.asleep
  }

  /** The person's limit in bytes per second; null for none. */
  get limit(): number | null {
    return this.#context.limit
  }

  /** The recorded point, once there is one. */
  get point(): Point | null {
    return this.#context.point
  }

  /** Runs from `first` to the end of the backup. @throws Detached when Floe lets go of it */
  async run(first: BackupEvent): Promise<Ending> {
    this.post(first)
    const options = optionsOf(this.header)
    for (;;) {
      const event = await this.#next()
      const { state, effects, ignored } = transition(this.#state, event, options)
      if (ignored) {
        this.#log.info('A backup had no use for an event', { ...this.#where, event: event.event })
        continue
      }
      await this.#remember(event)
      if (this.#detached) throw new Detached()
      this.#enter(state)
      for (const effect of effects) {
        if (effect.effect === 'finish') return this.#finish(effect.ending)
        void this.#carryOut(effect)
      }
    }
  }

  post(event: BackupEvent): void {
    this.#events.push(event)
    this.#wake?.()
  }

  /** @throws FloeError `job/cannot-pause` */
  async pause(): Promise<void> {
    this.#assertCopying('job/cannot-pause', 'paused')
    await this.#copy.control.pause()
  }

  /** @throws FloeError `job/cannot-resume` */
  async resume(): Promise<void> {
    this.#assertCopying('job/cannot-resume', 'resumed')
    await this.#copy.control.resume()
  }

  /** Bytes per second for all disks together; null for none. */
  async setLimit(limit: number | null): Promise<void> {
    if (limit === this.#context.limit) return
    this.#context.limit = limit
    if (this.#state.state === 'copying') await this.#copy.control.applyLimit()
    await this.#note({ limit })
  }

  skipCheck(): void {
    this.#point.skipCheck()
  }

  /** Lets go: QEMU goes on, the journal stays, and the next start finds the backup again. */
  async detach(): Promise<void> {
    this.#detached = true
    this.#copy.lookAway()
    this.#copy.reading.end()
    this.#point.skipCheck()
    this.#wake?.()
    await this.#context.link.detach()
    await this.#journal.close()
  }

  async #next(): Promise<BackupEvent> {
    for (;;) {
      if (this.#detached) throw new Detached()
      const event = this.#events.shift()
      if (event) return event
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** The first line must be on the disk; later ones only help after a crash, and a guest cannot wait for a full disk. */
  async #remember(event: BackupEvent): Promise<void> {
    try {
      await this.#journal.append(event)
    } catch (error) {
      if (this.#detached) return
      if (event.event === 'begin') throw error
      this.#log.error('The journal of a backup cannot be written', { ...this.#where, error: String(error) })
    }
  }

  async #note(change: Partial<RunNotes>): Promise<void> {
    this.#context.notes = { ...this.#context.notes, ...change }
    try {
      await this.#journal.note(change)
    } catch (error) {
      if (this.#detached || this.#state.state === 'ended') return
      this.#log.warn('The journal of a backup cannot be written', { ...this.#where, error: String(error) })
    }
  }

  #enter(state: BackupState): void {
    if (this.#state.state === 'copying' && state.state !== 'copying') this.#copy.lookAway()
    if (readsInstant(this.#state) && !readsInstant(state)) this.#copy.reading.end()
    this.#state = state
    this.#context.view.onState(state)
  }

  async #carryOut(step: Step): Promise<void> {
    try {
      await this.#do(step)
    } catch (error) {
      await this.#failed(step, error)
    }
  }

  async #do(step: Step): Promise<void> {
    switch (step.effect) {
      case 'prepare':
        return this.#copy.prepare()
      case 'start':
        return this.#copy.start()
      case 'compare':
        return this.#copy.reading.compare()
      case 'read-instant':
        return this.#copy.reading.readInstant()
      case 'watch':
        return this.#copy.watch(step.rescueGuest)
      case 'stop-jobs':
        return this.#copy.stopJobs()
      case 'release':
        return this.#copy.release(step)
      case 'record':
        return this.#point.record(step.instant)
      case 'discard':
        return this.#point.discard()
      case 'check':
        return this.#point.check()
    }
  }

  async #failed(step: Step, error: unknown): Promise<void> {
    if (error instanceof Detached || this.#detached) return
    const { place, deps, view } = this.#context
    const ended = error instanceof MachineEnded ? error : await this.#endedMeanwhile(error)
    if (ended) {
      const gone = machineGone(place, deps.ports.clock.now(), view.done(), ended)
      return this.post({ event: 'machine-gone', problem: toProblem(gone) })
    }
    switch (step.effect) {
      case 'prepare':
        return this.post({ event: 'preparation-failed', problem: refused(place, error) })
      case 'start':
        return this.post({ event: 'start-failed', problem: refused(place, error) })
      case 'compare':
        return this.post({ event: 'compare-failed', problem: refused(place, error) })
      case 'read-instant':
        return this.post({ event: 'instant-unread', problem: toProblem(error) })
      case 'release':
        this.#log.error('QEMU did not let go of a backup', { ...this.#where, error: String(error) })
        return this.post({ event: 'release-failed', problem: refused(place, error) })
      case 'record':
        return this.post({ event: 'record-failed', problem: toProblem(error) })
      case 'discard':
        this.#log.warn('The unfinished copy was not removed', { ...this.#where, error: String(error) })
        return this.post({ event: 'discard-failed', problem: toProblem(error) })
      case 'check':
        return this.post({ event: 'check-failed', problem: toProblem(error) })
      case 'watch':
      case 'stop-jobs':
        return this.post({ event: 'trouble', problem: toProblem(error) })
    }
  }

  /** A broken connection may mean the end of the machine. */
  async #endedMeanwhile(error: unknown): Promise<Error | null> {
    if (!(error instanceof FloeError) || error.code !== 'machine/interrupted') return null
    try {
      await this.#context.link.session()
      return null
    } catch (reason) {
      return reason instanceof MachineEnded ? reason : null
    }
  }

  async #finish(ending: Ending): Promise<Ending> {
    this.#context.point ??= this.#point.recordedPoint()
    await this.#context.link.close()
    await this.#journal.remove().catch((error: unknown) => {
      this.#log.error('The journal of a finished backup was not removed', { ...this.#where, error: String(error) })
    })
    return ending
  }

  #assertCopying(code: 'job/cannot-pause' | 'job/cannot-resume', verb: string): void {
    if (this.#state.state === 'copying') return
    throw new FloeError(code, `The backup of ${this.header.machineName} can't be ${verb} now.`)
  }

  get #log() {
    return this.#context.deps.ports.logger
  }

  get #where() {
    return { job: this.header.jobId, state: this.#state.state }
  }
}
