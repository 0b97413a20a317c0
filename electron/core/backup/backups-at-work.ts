// The backups that are at work right now: who may pause, limit or end them, what the computer's sleep means for them, and
// letting go of all of them when Floe closes.
import type { JobId } from '../../../shared/domain/ids.ts'
import type { Machine } from '../../../shared/domain/machine.ts'
import type { ActivityLog } from '../activity/types.ts'
import { FloeError } from '../errors.ts'
import type { JobBoard, JobControls } from '../jobs/types.ts'
import type { MachineService } from '../machines/types.ts'
import type { Ports } from '../ports/index.ts'
import type { BackupCard } from './backup-card.ts'
import { setGuestClocks } from './guest-clock.ts'
import { HostSleep } from './host-sleep.ts'
import type { QemuLink } from './link.ts'
import { Detached } from './machine-link.ts'
import { tellEnd } from './report.ts'
import type { BackupRun } from './runner.ts'

interface Dependencies {
  readonly machines: Pick<MachineService, 'list'>
  readonly board: JobBoard
  readonly activity: ActivityLog
  readonly ports: Pick<Ports, 'power' | 'logger'>
  /** Sets the clock of a guest after the computer slept. @throws FloeError `agent/*` */
  readonly setGuestTime?: (machine: Machine) => Promise<void>
}

/** Resolves never: the process is about to end, and the job goes on without it. */
export const forever = () => new Promise<never>(() => {})

export class BackupsAtWork {
  readonly #deps: Dependencies
  readonly #runs = new Map<JobId, BackupRun>()
  readonly #links = new Set<QemuLink>()
  readonly #sleep: HostSleep
  #stopped = false

  constructor(deps: Dependencies) {
    this.#deps = deps
    const { machines, ports, setGuestTime = async () => {} } = deps
    this.#sleep = new HostSleep({
      power: ports.power,
      copies: () => [...this.#runs.values()].map((run) => run.sleeper),
      afterWake: () => setGuestClocks(machines.list(), setGuestTime, ports.logger),
      logger: ports.logger,
    })
  }

  /** What people may do with a backup, whether it is at work already or not. */
  controls(id: JobId, cancelled: AbortController): JobControls {
    const withRun = async (act: (run: BackupRun) => Promise<void> | void) => {
      const run = this.#runs.get(id)
      if (run) await act(run)
    }
    const assertRuns = (code: 'job/cannot-pause' | 'job/cannot-resume') => {
      if (!this.#runs.has(id)) throw new FloeError(code, 'Floe is still finding out how far this backup is.')
    }
    return {
      pause: async () => {
        assertRuns('job/cannot-pause')
        await withRun((run) => run.pause())
      },
      resume: async () => {
        assertRuns('job/cannot-resume')
        await withRun((run) => run.resume())
      },
      // Before there is a run, the board remembers the wish, and follow() carries it out.
      setLimit: (limit) => withRun((run) => run.setLimit(limit)),
      skipCheck: () => withRun((run) => run.skipCheck()),
      cancel: async () => cancelled.abort(),
    }
  }

  /** Runs a backup to its end and tells it. @throws Detached when Floe lets go of it */
  async follow(run: BackupRun, card: BackupCard, first: Parameters<BackupRun['run']>[0], cancelled: AbortSignal) {
    const { jobId } = run.header
    const cancel = () => run.post({ event: 'cancel-requested' })
    this.#runs.set(jobId, run)
    cancelled.addEventListener('abort', cancel)
    try {
      await run.setLimit(this.#deps.board.get(jobId).limit)
      const running = run.run(first)
      if (cancelled.aborted) cancel()
      if (run.isAsleep) this.#sleep.bringBack(run.sleeper)
      const ending = await running
      tellEnd(this.#deps, run, card, ending)
    } finally {
      cancelled.removeEventListener('abort', cancel)
      this.#runs.delete(jobId)
    }
  }

  /** Does something that needs the link, which stop() ends. */
  async holding(link: QemuLink, work: () => Promise<void>): Promise<void> {
    this.#links.add(link)
    try {
      if (this.#stopped) await link.detach()
      await work()
    } catch (error) {
      if (error instanceof Detached) return await forever()
      throw error
    } finally {
      this.#links.delete(link)
      await link.close()
    }
  }

  /** Lets go of everything; QEMU goes on copying. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#sleep.stop()
    await Promise.all([...this.#runs.values()].map((run) => run.detach()))
    await Promise.all([...this.#links].map((link) => link.detach()))
  }
}
