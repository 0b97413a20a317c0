// Exports: one instant of a machine's disks, held for other programs to read over NBD (restic, borg, nbdcopy, ...). An
// export lasts while somebody holds it. What Floe makes for it in QEMU is written down first, so that the next start
// takes down what a crash left.
import { setTimeout as wait } from 'node:timers/promises'
import type { JobId } from '../../../shared/domain/ids.ts'
import { isFinal, type Job } from '../../../shared/domain/job.ts'
import type { ActivityLog } from '../activity/types.ts'
import { FloeError, toProblem } from '../errors.ts'
import { newJob } from '../jobs/new-job.ts'
import type { KnownServer } from '../nbd-server/serving.ts'
import { NotWanted, type RunDependencies, runExport } from './export-run.ts'
import { errorOf } from './hold.ts'
import { Holders, type HoldLimits, usualLimits } from './holders.ts'
import { type ExportRecord, readRecords } from './journal.ts'
import { withOwnCode } from './own-codes.ts'
import { type ExportInput, planExport } from './plan.ts'
import { acquireUnlessOff } from './reach.ts'
import { type RemovalDependencies, removeExport } from './remove.ts'

export interface ExportService {
  /** @throws FloeError when it is clear at once that it cannot be done; later failures are the job's */
  start(input: ExportInput): Promise<JobId>
  /** Lasts as long as the export. Aborted, it lets go. @throws FloeError with the export's problem when it failed */
  hold(jobId: JobId, signal: AbortSignal): Promise<void>
  /** Takes down what earlier runs of Floe left, as jobs that hold their machine; does not wait for them. */
  reconcile(): Promise<void>
  /** From now on what cannot be taken down soon is left to the next start. The board ends the jobs. */
  stop(): void
}

export interface ExportDependencies extends RunDependencies {
  readonly activity: ActivityLog
  readonly holdLimits?: HoldLimits
  /** Between two tries to take down what could not be taken down at first, in milliseconds. */
  readonly againAfterMs?: number
}

/** How long Floe's end waits for a machine that cannot be reached, in milliseconds. */
const giveUpAfterMs = 5_000
const usualAgainAfterMs = 30_000

export function createExportService(deps: ExportDependencies): ExportService {
  return new Exports(deps)
}

class Exports implements ExportService {
  readonly #deps: ExportDependencies
  readonly #holders = new Map<JobId, Holders>()
  readonly #giveUp = new AbortController()

  constructor(deps: ExportDependencies) {
    this.#deps = deps
  }

  async start(input: ExportInput): Promise<JobId> {
    const { machines, board, ports } = this.#deps
    const machine = machines.get(input.machineId)
    const job = newJob(ports, 'export', { machineId: machine.id, machineName: machine.name })
    if (input.since !== null) this.#deps.surroundings().points.point(input.since)
    // What it does is planned anew when its turn comes; until then only what can never work is refused.
    const isTurn = board.active().every((other) => other.machineId !== machine.id)
    if (isTurn) {
      await using lease = await acquireUnlessOff(machines, machine.id)
      if (lease) {
        await planExport(lease, job.id, input, this.#deps.surroundings()).catch((error: unknown) => {
          throw withOwnCode(error)
        })
      }
    }
    const ended = new AbortController()
    const end = () => ended.abort()
    const holders = new Holders(this.#deps.holdLimits ?? usualLimits, () => {
      void board.cancel(job.id).catch(end)
    })
    this.#holders.set(job.id, holders)
    board.enqueue(job, [`machine:${machine.id}`], { cancel: async () => end() }, async (signal) => {
      signal.addEventListener('abort', end, { once: true })
      const run = { ...input, jobId: job.id, holders, ended: ended.signal }
      try {
        await runExport(this.#deps, run, (record, server) => this.#remove(record, server))
        this.#finish(job.id, null)
      } catch (error) {
        this.#finish(job.id, withOwnCode(error))
      }
    })
    void board.whenFinal(job.id).then(() => {
      holders.close()
      this.#holders.delete(job.id)
    })
    return job.id
  }

  async hold(jobId: JobId, signal: AbortSignal): Promise<void> {
    const { board } = this.#deps
    const { kind, machineName } = board.get(jobId)
    if (kind !== 'export') {
      throw new FloeError('job/unknown', `The job ${jobId} of ${machineName} is not an export.`, {
        params: { id: jobId },
      })
    }
    const leave = this.#holders.get(jobId)?.enter() ?? (() => {})
    try {
      const left = new Promise<null>((resolve) => {
        if (signal.aborted) resolve(null)
        else signal.addEventListener('abort', () => resolve(null), { once: true })
      })
      const job = await Promise.race([board.whenFinal(jobId), left])
      if (job?.state.kind === 'failed') throw errorOf(job.state.problem)
    } finally {
      leave()
    }
  }

  async reconcile(): Promise<void> {
    const { ports, journalDir } = this.#deps
    const { records, damaged } = await readRecords(journalDir)
    for (const text of damaged) ports.logger.error(text)
    for (const record of records) this.#takeDown(record)
  }

  stop(): void {
    const timer = setTimeout(() => this.#giveUp.abort(), giveUpAfterMs)
    timer.unref()
  }

  #takeDown(record: ExportRecord): void {
    const { board, ports } = this.#deps
    const job: Job = {
      ...newJob(ports, 'export', {
        machineId: record.machineId,
        machineName: record.machineName,
        createdAt: record.createdAt,
        canCancel: false,
        note: 'Floe was closed during this export. Nothing of it is left in QEMU.',
      }),
      id: record.jobId,
    }
    board.enqueue(job, [`machine:${record.machineId}`], {}, async () => {
      board.update(job.id, { state: { kind: 'finishing', step: 'Removing an export that an earlier Floe left' } })
      await this.#remove(record, { runs: false })
      ports.logger.info('Removed an export that an earlier Floe left', { jobId: record.jobId })
      board.update(job.id, { state: { kind: 'cancelled' } })
    })
  }

  /** What QEMU does not let go of now is tried again for as long as Floe runs: it is in a guest's way. */
  async #remove(record: ExportRecord, server: KnownServer): Promise<void> {
    const { machines, ports, journalDir } = this.#deps
    const deps = { machines, logger: ports.logger, journalDir }
    try {
      await removeExport(deps, record, server, this.#giveUp.signal)
    } catch (error) {
      if (!this.#giveUp.signal.aborted) void this.#keepTrying(deps, record, server)
      throw error
    }
  }

  async #keepTrying(deps: RemovalDependencies, record: ExportRecord, server: KnownServer): Promise<void> {
    const { signal } = this.#giveUp
    for (;;) {
      await wait(this.#deps.againAfterMs ?? usualAgainAfterMs, undefined, { signal, ref: false }).catch(() => {})
      if (signal.aborted) return
      try {
        await removeExport(deps, record, server, signal)
        deps.logger.info('The rest of an export is gone', { jobId: record.jobId })
        return
      } catch (error) {
        deps.logger.warn('An export is still not taken down', { jobId: record.jobId, error: String(error) })
      }
    }
  }

  #finish(jobId: JobId, error: unknown): void {
    const { board, activity } = this.#deps
    const job = board.get(jobId)
    if (isFinal(job.state)) return
    const about = { machineId: job.machineId, subject: job.machineName, jobId, timeline: [] }
    if (error === null || error instanceof NotWanted) {
      if (error === null) {
        activity.add({
          ...about,
          level: 'info',
          text: 'An instant of its disks was held for others to read.',
          problem: null,
        })
      }
      board.update(jobId, { state: { kind: 'cancelled' } })
      return
    }
    const problem = toProblem(error)
    activity.add({ ...about, level: 'problem', text: problem.message, problem })
    board.update(jobId, { state: { kind: 'failed', problem } })
  }
}
