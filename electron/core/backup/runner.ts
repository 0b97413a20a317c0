// Carries out what transition() wants and feeds the outcomes back as events, one at a time, each journaled before its
// effects start. It decides nothing: it only knows how each effect is done.
import { stat } from 'node:fs/promises'
import type { Point } from '../../../shared/domain/point.ts'
import type { Problem } from '../../../shared/errors/problem.ts'
import { FloeError, toProblem } from '../errors.ts'
import type { MachineService } from '../machines/types.ts'
import type { Ports } from '../ports/index.ts'
import { createImage } from '../qemu-img/index.ts'
import type { QmpEventListener } from '../qmp/types.ts'
import type { PartialPoint, Repository } from '../repository/types.ts'
import type { BackupEffect } from './effects.ts'
import type { BackupEvent } from './events.ts'
import type { BackupHeader, Journal } from './journal.ts'
import { Detached, MachineEnded, type MachineLink } from './machine-link.ts'
import {
  type BackupPlace,
  checkFailed,
  type Done,
  destinationRemoved,
  interrupted,
  machineGone,
  notRecorded,
  refused,
} from './problems.ts'
import type { CopySample } from './progress.ts'
import {
  addTarget,
  cancelCopies,
  continueStoppedGuest,
  isOver,
  limitCopies,
  ourJobs,
  pauseCopies,
  releaseCopies,
  resumeCopies,
  runState,
  startArguments,
} from './qemu-copy.ts'
import type { BackupState, Ending } from './state.ts'
import { transition } from './transition.ts'
import { watchCopies, watchedEvents } from './watch.ts'
import { faultOf } from './whole-image.ts'

/** Told what changes, so that people can see it. */
export interface RunView {
  onState(state: BackupState): void
  onSample(sample: CopySample & { readonly paused: boolean }): void
  onChecked(doneBytes: number, totalBytes: number): void
  /** Bytes so far, for the words of a problem. */
  done(): Done
}

export interface RunDependencies {
  readonly machines: MachineService
  readonly repository: Repository
  readonly ports: Ports
}

const stopPollMs = 100

export class BackupRun {
  readonly header: BackupHeader
  /** The recorded point, once there is one. */
  point: Point | null = null
  readonly #deps: RunDependencies
  readonly #view: RunView
  readonly #link: MachineLink
  readonly #journal: Journal
  readonly #place: BackupPlace
  #state: BackupState
  #partial: PartialPoint | null
  #limit: number | null
  #listener: QmpEventListener | null = null
  #watching = new AbortController()
  #check = new AbortController()
  #events: BackupEvent[] = []
  #wake: (() => void) | null = null
  #detached = false

  constructor(
    deps: RunDependencies,
    view: RunView,
    run: {
      header: BackupHeader
      state: BackupState
      link: MachineLink
      journal: Journal
      partial: PartialPoint | null
    },
  ) {
    this.#deps = deps
    this.#view = view
    this.header = run.header
    this.#state = run.state
    this.#link = run.link
    this.#journal = run.journal
    this.#partial = run.partial
    this.#limit = run.header.limit
    this.#place = placeOf(run.header)
  }

  get state(): BackupState {
    return this.#state
  }

  /** Runs from `first` to the end of the backup. @throws Detached when Floe lets go of it */
  async run(first: BackupEvent): Promise<Ending> {
    this.post(first)
    const options = { diskCount: this.header.plan.disks.length, check: this.header.check }
    for (;;) {
      const event = await this.#next()
      const { state, effects, ignored } = transition(this.#state, event, options)
      if (ignored) {
        const where = { job: this.header.jobId, state: state.state, event: event.event }
        this.#deps.ports.logger.info('A backup had no use for an event', where)
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
    await this.#link.use((session) => pauseCopies(session, this.header.plan))
  }

  /** @throws FloeError `job/cannot-resume` */
  async resume(): Promise<void> {
    this.#assertCopying('job/cannot-resume', 'resumed')
    await this.#link.use((session) => resumeCopies(session, this.header.plan))
  }

  /** Bytes per second for all disks together; null for none. */
  async setLimit(limit: number | null): Promise<void> {
    this.#limit = limit
    if (this.#state.state !== 'copying') return
    await this.#link.use((session) => limitCopies(session, this.header.plan, limit))
  }

  skipCheck(): void {
    this.#check.abort()
  }

  /** Lets go: QEMU goes on, the journal stays, and the next start finds the backup again. */
  async detach(): Promise<void> {
    this.#detached = true
    this.#watching.abort()
    this.#check.abort()
    this.#wake?.()
    await this.#link.detach()
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

  /** The first line must be on the disk; later ones only help after a crash, and the guest cannot wait for a full disk. */
  async #remember(event: BackupEvent): Promise<void> {
    try {
      await this.#journal.append(event)
    } catch (error) {
      if (this.#detached) return
      if (event.event === 'begin') throw error
      this.#deps.ports.logger.error('The journal of a backup cannot be written', {
        job: this.header.jobId,
        error: String(error),
      })
    }
  }

  #enter(state: BackupState): void {
    if (this.#state.state === 'copying' && state.state !== 'copying') this.#watching.abort()
    this.#state = state
    this.#view.onState(state)
  }

  async #carryOut(effect: Exclude<BackupEffect, { effect: 'finish' }>): Promise<void> {
    try {
      await this.#do(effect)
    } catch (error) {
      await this.#failed(effect, error)
    }
  }

  async #failed(effect: Exclude<BackupEffect, { effect: 'finish' }>, error: unknown): Promise<void> {
    if (error instanceof Detached || this.#detached) return
    const ended = error instanceof MachineEnded ? error : await this.#endedMeanwhile(error)
    if (ended) return this.post({ event: 'machine-gone', problem: this.#gone(ended) })
    switch (effect.effect) {
      case 'prepare':
        return this.post({ event: 'preparation-failed', problem: refused(this.#place, error) })
      case 'start':
        return this.post({ event: 'start-failed', problem: refused(this.#place, error) })
      case 'release':
        return this.post({ event: 'release-failed', problem: refused(this.#place, error) })
      case 'record':
        return this.post({ event: 'record-failed', problem: toProblem(error) })
      case 'discard':
        this.#deps.ports.logger.warn('The unfinished copy was not removed', { error: String(error) })
        return this.post({ event: 'discard-failed', problem: toProblem(error) })
      case 'check':
        return this.post({ event: 'check-failed', problem: toProblem(error) })
      default:
        this.post({ event: 'trouble', problem: toProblem(error) })
    }
  }

  /** A broken connection may mean the end of the machine. */
  async #endedMeanwhile(error: unknown): Promise<Error | null> {
    if (!(error instanceof FloeError) || error.code !== 'machine/interrupted') return null
    try {
      await this.#link.session()
      return null
    } catch (reason) {
      return reason instanceof MachineEnded ? reason : null
    }
  }

  async #do(effect: Exclude<BackupEffect, { effect: 'finish' }>): Promise<void> {
    switch (effect.effect) {
      case 'prepare':
        return this.#prepare()
      case 'start':
        return this.#start()
      case 'watch':
        return this.#watch()
      case 'stop-jobs':
        return this.#stopJobs()
      case 'release':
        return this.#release(effect.guestRan)
      case 'record':
        return this.#record(effect.at)
      case 'discard':
        return this.#discard()
      case 'check':
        return this.#checkPoint()
    }
  }

  async #prepare(): Promise<void> {
    const { header } = this
    const { repository, ports } = this.#deps
    this.#partial = await repository.beginPoint(header.destination, {
      id: header.pointId,
      machineId: header.machineId,
      machineName: header.machineName,
      kind: header.plan.kind,
      parentId: null,
      jobId: header.jobId,
      disks: header.plan.disks.map(({ id, virtualSize }) => ({ id, virtualSize })),
    })
    const session = await this.#link.session()
    for (const [index, disk] of header.plan.disks.entries()) {
      const path = this.#targets()[index] as string
      await createImage(path, disk.virtualSize, 'qcow2', { env: ports.env })
      await addTarget(session, disk, path)
    }
    const guestRan = (await runState(session)) === 'running'
    this.post({ event: 'prepared', at: ports.clock.now().toISOString(), guestRan })
  }

  async #start(): Promise<void> {
    const session = await this.#link.session()
    this.#listener = session.listen(watchedEvents)
    const at = this.#deps.ports.clock.now().toISOString()
    await session.execute('transaction', startArguments(this.header.plan, this.#limit))
    this.post({ event: 'started', at })
  }

  async #watch(): Promise<void> {
    const listener = this.#listener
    this.#listener = null
    this.#watching = new AbortController()
    await watchCopies({
      link: this.#link,
      plan: this.header.plan,
      place: this.#place,
      targets: this.#targets(),
      clock: this.#deps.ports.clock,
      listener,
      signal: this.#watching.signal,
      onEvent: (event) => this.#observed(event),
      onSample: (sample) => this.#view.onSample(sample),
      done: () => this.#view.done(),
    })
  }

  #observed(event: BackupEvent): void {
    this.post(event)
    if (event.event !== 'concluded' || this.#limit === null) return
    this.setLimit(this.#limit).catch((error: unknown) => {
      this.#deps.ports.logger.warn('The speed limit was not shared anew', { error: String(error) })
    })
  }

  /** Never gives up: while a job of ours runs, the guest depends on it. */
  async #stopJobs(): Promise<void> {
    this.#listener?.close()
    const { plan } = this.header
    for (;;) {
      try {
        await this.#link.use((session) => cancelCopies(session, plan))
        const jobs = await this.#link.use((session) => ourJobs(session, plan))
        if (jobs.every(isOver)) return this.post({ event: 'stopped' })
      } catch (error) {
        if (error instanceof Detached || error instanceof MachineEnded) throw error
        this.#deps.ports.logger.warn('Ending a copy takes several attempts', { error: String(error) })
      }
      await new Promise((resolve) => setTimeout(resolve, stopPollMs))
    }
  }

  async #release(guestRan: boolean): Promise<void> {
    const { plan } = this.header
    try {
      await this.#link.use((session) => releaseCopies(session, plan))
    } finally {
      if (guestRan && !this.#detached) await this.#letGuestGoOn()
    }
    await this.#link.close()
    this.post({ event: 'released' })
  }

  async #letGuestGoOn(): Promise<void> {
    const continued = await this.#link.use(continueStoppedGuest)
    if (continued)
      this.#deps.ports.logger.warn('A guest that had stopped over a failed write goes on', { ...this.#place })
  }

  async #record(at: string): Promise<void> {
    await this.#link.close()
    const { header } = this
    const partial = this.#partial
    if (!partial) throw notRecorded(this.#place, new Error('The folder with the copied disks is not there.'))
    try {
      const disks = await this.#copiedDisks()
      this.point = await this.#deps.repository.record(partial, {
        createdAt: at,
        consistency: 'crash-consistent',
        consistencyReason: 'The guest was not asked to freeze its file systems, so this is like after a power cut.',
        qemuVersion: header.qemuVersion,
        startCommand: header.startCommand,
        way: header.plan.way,
        kindReason: header.plan.kindReason,
        disks,
      })
    } catch (error) {
      this.point = this.#recordedPoint()
      if (!this.point) throw await this.#whyNotRecorded(partial, error)
      this.#deps.ports.logger.warn('Recording complained, yet the restore point is there', { error: String(error) })
    }
    this.post({ event: 'recorded' })
  }

  async #copiedDisks() {
    const disks = []
    for (const [index, disk] of this.header.plan.disks.entries()) {
      const path = this.#targets()[index] as string
      const fault = await faultOf(path, this.#deps.ports.env)
      if (fault) throw new Error(`The copy of ${disk.id} is not whole: ${fault}.`)
      const { id, virtualSize, sourcePath, sourceFormat, firmware } = disk
      const bytesCopied = (await stat(path)).blocks * 512
      disks.push({ id, virtualSize, bytesCopied, sourcePath, sourceFormat, firmware })
    }
    return disks
  }

  async #whyNotRecorded(partial: PartialPoint, error: unknown): Promise<FloeError> {
    const gone = await stat(partial.folder).then(
      () => null,
      (reason: unknown) => reason,
    )
    if (gone !== null) return destinationRemoved(this.#place, partial.folder, gone)
    return notRecorded(this.#place, error)
  }

  #recordedPoint(): Point | null {
    const points = this.#deps.repository.points(this.header.machineId)
    return points.find((point) => point.id === this.header.pointId) ?? null
  }

  async #discard(): Promise<void> {
    this.#listener?.close()
    await this.#link.close()
    if (this.#partial) await this.#deps.repository.discard(this.#partial)
    this.post({ event: 'discarded' })
  }

  async #checkPoint(): Promise<void> {
    const { repository } = this.#deps
    const { pointId, jobId } = this.header
    this.point ??= this.#recordedPoint()
    try {
      repository.markChecking(pointId, jobId)
      this.point = await repository.computeIndex(
        pointId,
        (doneBytes, totalBytes) => this.#view.onChecked(doneBytes, totalBytes),
        this.#check.signal,
      )
      this.post({ event: 'checked' })
    } catch (error) {
      if (!this.#check.signal.aborted) throw checkFailed(this.#place, error)
      this.post({ event: 'check-skipped' })
    } finally {
      repository.markChecking(pointId, null)
    }
  }

  async #finish(ending: Ending): Promise<Ending> {
    this.point ??= this.#recordedPoint()
    await this.#link.close()
    await this.#journal.remove().catch((error: unknown) => {
      this.#deps.ports.logger.error('The journal of a finished backup was not removed', { error: String(error) })
    })
    return ending
  }

  #targets(): readonly string[] {
    const partial = this.#partial
    if (!partial) throw interrupted(this.#place, 'the folder with the copied disks is not there.')
    return this.header.plan.disks.map((disk) => partial.imagePath(disk.id))
  }

  #gone(cause: unknown): Problem {
    return toProblem(machineGone(this.#place, this.#deps.ports.clock.now(), this.#view.done(), cause))
  }

  #assertCopying(code: 'job/cannot-pause' | 'job/cannot-resume', verb: string): void {
    if (this.#state.state === 'copying') return
    throw new FloeError(code, `The backup of ${this.header.machineName} can't be ${verb} now.`)
  }
}

export const placeOf = (header: BackupHeader): BackupPlace => ({
  machineName: header.machineName,
  destinationName: header.destination.name,
  pid: header.pid,
})
