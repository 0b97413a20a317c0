// The steps of a backup inside QEMU: make the targets, start, follow, stop, let go. Outcomes are posted as events; what
// throws is told by the runner.
import { truncate } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { FloeError } from '../errors.ts'
import { insertFilters } from '../instant/insert.ts'
import { prepareSnapshots } from '../instant/prepare.ts'
import { removeScratchFiles, removeSnapshots } from '../instant/remove.ts'
import { identifyFile } from '../machines/file-identity.ts'
import { holdShutdown, letShutdown } from '../machines/shutdown-safe.ts'
import type { QmpEventListener, QmpSession } from '../qmp/types.ts'
import { syncFile } from '../repository/durable-file.ts'
import { CopyControl } from './copy-control.ts'
import type { BackupEvent } from './events.ts'
import { readsInstant } from './instant-reading.ts'
import { unlessSlow } from './link.ts'
import { Detached, MachineEnded } from './machine-link.ts'
import { snapshotsOf } from './plan.ts'
import { writeError } from './problems.ts'
import {
  addTarget,
  cancelCopies,
  copyActions,
  isOver,
  ourJobs,
  ourTargets,
  releaseCopies,
  runState,
  trackingActions,
  transactionsOf,
} from './qemu-copy.ts'
import { ReadingSteps } from './reading-steps.ts'
import { causeOfStop, type RunContext, targetPaths } from './run-context.ts'
import { takeInstant } from './take-instant.ts'
import { assertMarksKept, refusedBitmaps, removeLeftovers, removeNewBitmaps } from './track.ts'
import { watchCopies, watchedEvents } from './watch.ts'

/** Between two attempts: QEMU tells nobody when it can take a command again, so it is asked anew. */
const stopPollMs = 100
const longestPauseMs = 3_000
/** How long the images wait for the instant to be taken down; one step after the other is easier to take up again. */
const instantMs = 2_000

function unlessEnded(error: unknown): Error {
  if (error instanceof Detached || error instanceof MachineEnded) throw error
  return error instanceof Error ? error : new Error(String(error))
}

export class CopySteps {
  /** What is done to the jobs while they run. */
  readonly control: CopyControl
  readonly #run: RunContext
  /** What is read of the instant, before and after the jobs. */
  readonly reading: ReadingSteps
  #listener: QmpEventListener | null = null
  /** How often the connection had broken when the listener was made: it hears nothing of a later one. */
  #listenerBreaks = 0
  #watching = new AbortController()

  constructor(run: RunContext) {
    this.#run = run
    this.control = new CopyControl(run)
    this.reading = new ReadingSteps(run, this.control)
  }

  async prepare(): Promise<void> {
    const run = this.#run
    const { header, link, deps } = run
    run.partial = await deps.repository.beginPoint(header.destination, {
      id: header.pointId,
      machineId: header.machineId,
      machineName: header.machineName,
      kind: header.plan.kind,
      parentId: header.plan.disks.find((disk) => disk.parentId !== null)?.parentId ?? null,
      jobId: header.jobId,
      disks: header.plan.disks.map(({ id, virtualSize, parentId }) => ({ id, virtualSize, parentId })),
    })
    const session = await link.session()
    if (header.hold) await holdShutdown(session)
    await this.control.meetGuest(session)
    for (const [index, disk] of header.plan.disks.entries()) {
      const path = targetPaths(run)[index] as string
      await deps.repository.makeImage(run.partial, disk)
      run.images.set(path, (await identifyFile(path)).key)
      await addTarget(session, disk, path)
    }
    await this.#makeReadyToTrack(session)
    if (header.plan.way === 'fleecing') {
      await prepareSnapshots(session, snapshotsOf(header.plan), { env: deps.ports.env })
    }
    const rescueGuest = header.plan.way !== 'offline' && (await runState(session)) !== 'io-error'
    run.post({ event: 'prepared', at: deps.ports.clock.now().toISOString(), rescueGuest })
  }

  /** The listener comes first, so that no event of the jobs is lost. */
  async start(): Promise<void> {
    const { header, link, deps, post, view } = this.#run
    const { plan } = header
    const session = await link.session()
    this.#listener = session.listen(watchedEvents)
    this.#listenerBreaks = link.breaks
    await this.control.learnIdle(session)
    const limit = this.control.allowed
    const compares = plan.disks.some((disk) => disk.basis === 'comparison')
    const tracked = trackingActions(plan, this.#run.notes.untracked)
    const copied = compares ? [] : copyActions(plan, limit)
    const reads = readsInstant(plan, header.prove)
    if (reads) await this.reading.prepare(session)
    const readers = reads ? this.reading.commands : []
    // One transaction without filters. With them tracking begins first: a guest that somebody lets run in between writes
    // nothing that is neither in this point nor marked for the next.
    const together = [...transactionsOf([...tracked, ...copied]), ...readers]
    const apart = { atStop: transactionsOf(tracked), atInstant: [...transactionsOf(copied), ...readers] }
    const copy = async () => {
      const at = deps.ports.clock.now().toISOString()
      for (const command of together) await session.execute(command.execute, command.arguments ?? {})
      return { at, pausedMs: null }
    }
    const { clock, logger } = deps.ports
    const instant = await takeInstant({ header, keeper: deps.keeper }, view, (guard) =>
      plan.way === 'fleecing' ? insertFilters(session, snapshotsOf(plan), { guard, clock, logger, ...apart }) : copy(),
    )
    await assertMarksKept(session, plan)
    post({ event: 'started', instant })
    if (this.control.allowed !== limit) await this.control.applyLimit()
  }

  /**
   * Leftovers of backups that failed go, and each bitmap that is to begin is tried: one that QEMU refuses would fail the
   * whole instant. Such a disk is copied without its changes being tracked.
   */
  async #makeReadyToTrack(session: QmpSession): Promise<void> {
    const { header, deps, note } = this.#run
    if (header.plan.way === 'offline') return
    const named = deps.repository.points(header.machineId).flatMap(({ disks }) => disks.map(({ bitmap }) => bitmap))
    await removeLeftovers(session, header, new Set(named), deps.ports.logger)
    const untracked = await refusedBitmaps(session, header.plan, deps.ports.logger)
    if (untracked.length > 0) await note({ untracked })
  }

  async watch(rescueGuest: boolean): Promise<void> {
    const { header, place, link, deps, view } = this.#run
    const heard = this.#listener
    const listener = this.#listenerBreaks === link.breaks ? heard : null
    if (listener === null) heard?.close()
    this.#listener = null
    this.#watching = new AbortController()
    void link.images?.follow(this.#watching.signal, (problem) => this.#run.post({ event: 'trouble', problem }))
    this.control.begin()
    // Whoever found the copy takes its speed from what was last wished, not from what the guest needed then.
    if (listener === null) this.#shareLimit()
    await watchCopies({
      link,
      control: this.control,
      plan: header.plan,
      place,
      targets: targetPaths(this.#run),
      clock: deps.ports.clock,
      listener,
      rescueGuest,
      onGuestError: (error) => {
        this.#run.guestError = error
      },
      causeOfStop: () => causeOfStop(this.#run),
      signal: this.#watching.signal,
      onEvent: (event) => this.#observed(event),
      onSample: (sample) => view.onSample(sample),
      done: () => view.done(),
    })
  }

  /** Ends watching. */
  lookAway(): void {
    this.control.end()
    this.#watching.abort()
    this.#listener?.close()
  }

  /** Never gives up: while a job of ours runs, the guest depends on it. */
  async stopJobs(): Promise<void> {
    const { header, link, deps, post } = this.#run
    await this.reading.settled()
    for (;;) {
      try {
        await link.use((session) => cancelCopies(session, header.plan))
        const jobs = await link.use((session) => ourJobs(session, header.plan))
        if (jobs.every(isOver)) return post({ event: 'stopped' })
      } catch (error) {
        if (error instanceof Detached || error instanceof MachineEnded) throw error
        deps.ports.logger.warn('Ending a copy takes several attempts', { error: String(error) })
      }
      await wait(stopPollMs)
    }
  }

  /**
   * Removes everything of ours from QEMU, which flushes each image with the guest waiting. So Floe brings the bulk to
   * the disk before, or drops it when it is worth nothing.
   */
  async release({ rescueGuest, copied }: { rescueGuest: boolean; copied: boolean }): Promise<void> {
    const { header, link, post } = this.#run
    await this.reading.settled()
    // Asked before there is room on the destination again.
    const mayRescue = rescueGuest && (await causeOfStop(this.#run)) !== 'own-disk'
    // At once: no job needs the instant any more, and a slow drive may take minutes to take in what was copied.
    const instantRemoved = this.#removeInstant()
    instantRemoved.catch(() => {})
    const unwritten = await this.#readyForRemoval(copied)
    await Promise.race([instantRemoved.catch(() => {}), wait(instantMs, undefined, { ref: false })])
    const failure = await this.#removeAll(copied).then(
      () => null,
      (error: unknown) => error,
    )
    // A copy of images that are off counts only once they were looked at again.
    if (copied && failure === null && unwritten === null && !link.images) await this.#run.note({ closed: true })
    // Whatever became of the copy: the guest gets its disks back and goes on as it would without Floe.
    if (mayRescue) await this.#anyway(() => this.#letGuestGoOn())
    if (!copied) await this.#anyway(() => link.use((session) => removeNewBitmaps(session, header.plan)))
    await instantRemoved
    await this.#anyway(() => this.#letGo())
    if (failure !== null) throw failure
    await link.close()
    if (copied) await link.images?.assertUntouched()
    if (unwritten) throw unwritten
    post({ event: 'released' })
  }

  /** What a whole copy's images could not take to the disk; null when all is there. */
  async #readyForRemoval(copied: boolean): Promise<FloeError | null> {
    const { partial, header, place, deps } = this.#run
    if (!partial) return null
    for (const disk of header.plan.disks) {
      const path = partial.imagePath(disk.id)
      try {
        if (copied) await syncFile(path)
        else await truncate(path)
      } catch (error) {
        if (copied) return writeError(place, disk.id, error instanceof Error ? error.message : String(error))
        deps.ports.logger.info('An unfinished image was not there to be emptied', { ...place, error: String(error) })
      }
    }
    return null
  }

  /**
   * A QEMU without any of our targets is not the one that wrote them: then a copy that looked complete was never
   * flushed, and counts as lost. A slow answer is waited for: with a node of ours left, QEMU still holds the image.
   */
  async #removeAll(copied: boolean): Promise<void> {
    const { header, link, deps } = this.#run
    let sawTargets: QmpSession | null = null
    for (;;) {
      try {
        return await link.use(async (session) => {
          if ((await ourTargets(session, header.plan)).length > 0) sawTargets = session
          else if (copied && sawTargets !== session && !this.#run.notes.closed) {
            throw new MachineEnded('The machine was started anew.')
          }
          await releaseCopies(session, header.plan)
        })
      } catch (error) {
        unlessSlow(error)
        deps.ports.logger.warn('QEMU takes long to close the images of a backup', { error: String(error) })
      }
      await wait(stopPollMs)
    }
  }

  /**
   * Never gives up: a filter that stays in the guest's way keeps every later backup from its disk, and nobody else would
   * take it out. What stands in the way (a scratch drive that hangs, another program's job on the disk) passes.
   */
  async #removeInstant(): Promise<void> {
    const { header, link, deps, view, place } = this.#run
    const { logger } = deps.ports
    const disks = snapshotsOf(header.plan)
    if (disks.length === 0 && !readsInstant(header.plan, header.prove)) return
    for (let attempt = 1; ; attempt += 1) {
      try {
        // What keeps Floe's own readers must not keep the filters in the guest's way.
        const refused = await link.use((session) => this.reading.remove(session)).then(() => null, unlessEnded)
        const stay = await link.use((session) => removeSnapshots(session, disks))
        if (refused !== null) throw refused
        if (stay.length > 0) logger.warn('Scratch files could not be removed', { stay })
        if (attempt > 1) view.onKept(null)
        return
      } catch (error) {
        if (error instanceof Detached) throw error
        if (error instanceof MachineEnded) {
          await this.reading.forget()
          return void (await removeScratchFiles(disks))
        }
        if (attempt % 100 === 1) logger.warn('An instant cannot be removed yet', { ...place, error: String(error) })
        view.onKept(error instanceof Error ? error.message : String(error))
      }
      await wait(Math.min(attempt * stopPollMs, longestPauseMs))
    }
  }

  /** What the copy itself does not depend on. */
  async #anyway(work: () => Promise<void>): Promise<void> {
    const { deps, place } = this.#run
    try {
      await work()
    } catch (error) {
      if (error instanceof Detached) throw error
      if (error instanceof MachineEnded) return
      deps.ports.logger.error('A machine was not left as it was before its backup', { ...place, error: String(error) })
    }
  }

  /** QEMU ends with its guest again, also when that has happened meanwhile. Not one that was started since. */
  async #letGo(): Promise<void> {
    const { header, link, deps, place } = this.#run
    const { hold, pid, machineId } = header
    if (!hold) return
    const isSame = () => deps.machines.list().find(({ id }) => id === machineId)?.pid === pid
    for (;;) {
      try {
        const ended = await link.use(async (session) => isSame() && (await letShutdown(session, hold)))
        if (ended)
          deps.ports.logger.info('A machine whose guest turned itself off during its backup ends', { ...place })
        return
      } catch (error) {
        if (!(error instanceof FloeError) || error.code !== 'machine/timeout') throw error
      }
      await wait(stopPollMs)
    }
  }

  /** Only a guest that QEMU stopped over a failed write (qemu.md 2.2). */
  async #letGuestGoOn(): Promise<void> {
    const { link, deps, place } = this.#run
    const continued = await link.use(async (session) => {
      if ((await runState(session)) !== 'io-error') return false
      await session.execute('cont')
      return true
    })
    if (continued) deps.ports.logger.warn('A guest that had stopped over a failed write goes on', { ...place })
  }

  /** The limit is shared anew among the disks that are left. */
  #observed(event: BackupEvent): void {
    this.#run.post(event)
    if (event.event === 'concluded' && this.control.allowed !== null) this.#shareLimit()
  }

  #shareLimit(): void {
    const { logger } = this.#run.deps.ports
    this.control.applyLimit().catch((error: unknown) => {
      logger.warn('The speed limit was not shared anew', { error: String(error) })
    })
  }
}
