// The steps of a backup inside QEMU: make the targets, start, follow, stop, let go. Outcomes are posted as events; what
// throws is told by the runner.
import { createImage } from '../qemu-img/index.ts'
import type { QmpEventListener } from '../qmp/types.ts'
import type { BackupEvent } from './events.ts'
import { Detached, MachineEnded } from './machine-link.ts'
import {
  addTarget,
  cancelCopies,
  continueStoppedGuest,
  isOver,
  limitCopies,
  ourJobs,
  releaseCopies,
  runState,
  startArguments,
} from './qemu-copy.ts'
import { type RunContext, targetPaths } from './run-context.ts'
import { watchCopies, watchedEvents } from './watch.ts'

const stopPollMs = 100

export class CopySteps {
  readonly #run: RunContext
  #listener: QmpEventListener | null = null
  #watching = new AbortController()

  constructor(run: RunContext) {
    this.#run = run
  }

  async prepare(): Promise<void> {
    const run = this.#run
    const { header, link, deps } = run
    run.partial = await deps.repository.beginPoint(header.destination, {
      id: header.pointId,
      machineId: header.machineId,
      machineName: header.machineName,
      kind: header.plan.kind,
      parentId: null,
      jobId: header.jobId,
      disks: header.plan.disks.map(({ id, virtualSize }) => ({ id, virtualSize })),
    })
    const session = await link.session()
    for (const [index, disk] of header.plan.disks.entries()) {
      const path = targetPaths(run)[index] as string
      await createImage(path, disk.virtualSize, 'qcow2', { env: deps.ports.env })
      await addTarget(session, disk, path)
    }
    const rescueGuest = (await runState(session)) !== 'io-error'
    run.post({ event: 'prepared', at: deps.ports.clock.now().toISOString(), rescueGuest })
  }

  /** The listener comes first, so that no event of the jobs is lost. */
  async start(): Promise<void> {
    const { header, link, deps, limit, post } = this.#run
    const session = await link.session()
    this.#listener = session.listen(watchedEvents)
    const at = deps.ports.clock.now().toISOString()
    await session.execute('transaction', startArguments(header.plan, limit))
    post({ event: 'started', at })
  }

  async watch(rescueGuest: boolean): Promise<void> {
    const { header, place, link, deps, view } = this.#run
    const listener = this.#listener
    this.#listener = null
    this.#watching = new AbortController()
    await watchCopies({
      link,
      plan: header.plan,
      place,
      targets: targetPaths(this.#run),
      clock: deps.ports.clock,
      listener,
      rescueGuest,
      signal: this.#watching.signal,
      onEvent: (event) => this.#observed(event),
      onSample: (sample) => view.onSample(sample),
      done: () => view.done(),
    })
  }

  /** Ends watching. */
  lookAway(): void {
    this.#watching.abort()
    this.#listener?.close()
  }

  /** Never gives up: while a job of ours runs, the guest depends on it. */
  async stopJobs(): Promise<void> {
    const { header, link, deps, post } = this.#run
    for (;;) {
      try {
        await link.use((session) => cancelCopies(session, header.plan))
        const jobs = await link.use((session) => ourJobs(session, header.plan))
        if (jobs.every(isOver)) return post({ event: 'stopped' })
      } catch (error) {
        if (error instanceof Detached || error instanceof MachineEnded) throw error
        deps.ports.logger.warn('Ending a copy takes several attempts', { error: String(error) })
      }
      await new Promise((resolve) => setTimeout(resolve, stopPollMs))
    }
  }

  /**
   * Removes everything of ours from QEMU. A QEMU without any of our targets is not the one that wrote them: then a copy
   * that looked complete was never flushed, and counts as lost.
   */
  async release({ rescueGuest, copied }: { rescueGuest: boolean; copied: boolean }): Promise<void> {
    const { header, link, post } = this.#run
    try {
      await link.use(async (session) => {
        const removed = await releaseCopies(session, header.plan)
        if (copied && removed === 0) throw new MachineEnded('The machine was started anew.')
      })
    } finally {
      if (rescueGuest) await this.#letGuestGoOn()
    }
    await link.close()
    post({ event: 'released' })
  }

  async applyLimit(): Promise<void> {
    const { header, link, limit } = this.#run
    await link.use((session) => limitCopies(session, header.plan, limit))
  }

  async #letGuestGoOn(): Promise<void> {
    const { link, deps, place } = this.#run
    const continued = await link.use(continueStoppedGuest)
    if (continued) deps.ports.logger.warn('A guest that had stopped over a failed write goes on', { ...place })
  }

  /** The limit is shared anew among the disks that are left. */
  #observed(event: BackupEvent): void {
    const { post, limit, deps } = this.#run
    post(event)
    if (event.event !== 'concluded' || limit === null) return
    this.applyLimit().catch((error: unknown) => {
      deps.ports.logger.warn('The speed limit was not shared anew', { error: String(error) })
    })
  }
}
