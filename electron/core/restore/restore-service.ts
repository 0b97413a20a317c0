// Bringing restore points back: to new images anywhere, or in place of the machine's images with an undo copy. Each is a
// job on the board; each swap leaves a record with its undo copies; an interrupted one is settled at the next start.

import type { Activity } from '../../../shared/domain/activity.ts'
import type { JobId, MachineId, PointId, RestoreId } from '../../../shared/domain/ids.ts'
import type { Job } from '../../../shared/domain/job.ts'
import type { ActivityLog } from '../activity/types.ts'
import { FloeError, toProblem } from '../errors.ts'
import { newId } from '../ids.ts'
import { newJob } from '../jobs/new-job.ts'
import type { JobBoard } from '../jobs/types.ts'
import type { MachineService } from '../machines/types.ts'
import type { Ports } from '../ports/index.ts'
import type { Repository } from '../repository/types.ts'
import type { Topic } from '../topics/topic.ts'
import type { RestoreContext } from './context.ts'
import { cancelled } from './failures.ts'
import { assertClear } from './finding.ts'
import { RestoreJournal, type RestoreRecord } from './journal.ts'
import { planNewImages, runNewImages } from './new-image-job.ts'
import { planSwap, preflightOf } from './preflight.ts'
import { RestoreRecords } from './records.ts'
import { clearNewImages, missingFolder, recover } from './recover.ts'
import { runSwap } from './swap-job.ts'
import type { RestoreService, StepHook } from './types.ts'
import { planUndo, runUndo } from './undo.ts'
import { listInWords, momentInWords } from './words.ts'

export type { RestoreService } from './types.ts'

export interface RestoreDeps {
  readonly ports: Ports
  readonly machines: MachineService
  readonly repository: Repository
  readonly board: JobBoard
  readonly activity: ActivityLog
  readonly topic: Topic<'restores'>
  /** Folder of the restore journals. */
  readonly journalDir: string
  /** For tests only. */
  readonly step?: StepHook
}

export function createRestoreService(deps: RestoreDeps): RestoreService {
  const journal = new RestoreJournal(deps.journalDir, deps.ports.logger)
  const records = new RestoreRecords(journal, deps.topic)
  const context: RestoreContext = { ...deps, journal, records, step: deps.step ?? (() => {}) }
  return new Service(context)
}

class Service implements RestoreService {
  #context: RestoreContext
  readonly #waiting = new Map<RestoreId, RestoreRecord>()

  constructor(context: RestoreContext) {
    this.#context = context
  }

  async preflight(pointId: PointId) {
    return preflightOf(await this.#plan(pointId))
  }

  async swap(pointId: PointId): Promise<JobId> {
    const plan = await this.#plan(pointId)
    assertClear(plan.findings)
    const { point } = plan
    const restoreId = newId(this.#context.ports) as RestoreId
    const job = newJob(this.#context.ports, 'swap', {
      machineId: point.machineId,
      machineName: plan.machine?.name ?? point.machineName,
      pointId,
      restoreId,
      destinationId: point.destinationId,
    })
    const done = `Restored to ${momentInWords(point.createdAt)}. The images of before are kept as the undo copy.`
    return this.#enqueue(job, done, (signal) => runSwap(this.#context, job, { restoreId, pointId }, signal))
  }

  async toNewImage(pointId: PointId, directory: string, format: 'qcow2' | 'raw'): Promise<JobId> {
    const point = this.#context.repository.point(pointId)
    const job = newJob(this.#context.ports, 'restore', {
      machineId: point.machineId,
      machineName: point.machineName,
      pointId,
      destinationId: point.destinationId,
    })
    const plan = await planNewImages(this.#context, pointId, directory, format, job.id)
    const files = listInWords(plan.images.map((image) => image.finalPath))
    const done = `The restore point of ${momentInWords(point.createdAt)} was restored to ${files}.`
    const request = { pointId, directory: plan.directory, format }
    return this.#enqueue(job, done, (signal) => runNewImages(this.#context, job, request, signal))
  }

  restores() {
    const { records, ports } = this.#context
    records.refresh().catch((error) => ports.logger.warn('The undo copies could not be looked at', { error }))
    return records.list()
  }

  async undoPreflight(restoreId: RestoreId) {
    await this.#settleWaiting()
    return (await planUndo(this.#context, restoreId)).preflight
  }

  async undo(restoreId: RestoreId): Promise<JobId> {
    await this.#settleWaiting()
    const plan = await planUndo(this.#context, restoreId)
    assertClear(plan.findings)
    const { record } = plan
    const ids = { restoreId: newId(this.#context.ports) as RestoreId, undoes: restoreId }
    const job = newJob(this.#context.ports, 'undo', {
      machineId: record.machineId,
      machineName: record.machineName,
      restoreId: ids.restoreId,
    })
    const done = `The restore of ${momentInWords(record.createdAt)} was undone. The images of before are kept as the undo copy.`
    return this.#enqueue(job, done, (signal) => runUndo(this.#context, job, ids, signal))
  }

  async reconcile(): Promise<void> {
    const { journal, records } = this.#context
    const { restores, damaged } = await journal.readAll()
    for (const text of damaged) this.#tell('warning', null, 'Floe', text)
    for (const record of restores) {
      if (record.state.kind !== 'building' && record.state.kind !== 'swapping') {
        await records.adopt(record)
        continue
      }
      const folder = await missingFolder(record)
      if (folder === null) await this.#settle(record)
      else {
        this.#waiting.set(record.id, record)
        const text = `A restore of ${record.machineName} was interrupted, and "${folder}" is not there now. Connect its drive; Floe settles the restore before the next one. Do not start the machine before.`
        this.#tell('problem', record.machineId, record.machineName, text)
      }
    }
    await this.#markUndone()
    for (const machineName of await clearNewImages(this.#context)) {
      const text = 'A restore to a new image was interrupted; what it had copied was removed.'
      this.#tell('warning', null, machineName, text)
    }
  }

  async #settle(record: RestoreRecord): Promise<void> {
    const { record: settled, text } = await recover(this.#context, record)
    const level = settled.state.kind === 'stuck' ? 'problem' : 'warning'
    this.#tell(level, settled.machineId, settled.machineName, text)
  }

  /** Interrupted swaps whose drive is back are settled before anything else is done. */
  async #settleWaiting(): Promise<void> {
    for (const record of [...this.#waiting.values()]) {
      if ((await missingFolder(record)) !== null || !this.#waiting.delete(record.id)) continue
      await this.#settle(record)
    }
  }

  /** A crash may fall between an undo's end and the note of it in the restore that it undid. */
  async #markUndone(): Promise<void> {
    const { records } = this.#context
    const all = records.all()
    for (const { id, undoes, state } of all) {
      if (undoes === null || (state.kind !== 'done' && state.kind !== 'undone')) continue
      const undone = all.find((record) => record.id === undoes)
      if (undone?.state.kind === 'done') await records.save({ ...undone, state: { kind: 'undone', by: id } })
    }
  }

  async #plan(pointId: PointId) {
    await this.#settleWaiting()
    const { records } = this.#context
    const isAsRestored = records.isAsRestored.bind(records)
    return planSwap({ ...this.#context, isAsRestored }, pointId)
  }

  #enqueue(job: Job, done: string, run: (signal: AbortSignal) => Promise<void>): JobId {
    const { board } = this.#context
    // A restore to new images only reads; the others hold the machine.
    const claims = job.kind === 'restore' ? [] : [`machine:${job.machineId}`]
    board.enqueue(job, claims, { cancel: async () => {} }, async (signal) => {
      try {
        await run(signal)
        this.#tell('success', job.machineId, job.machineName, done, job.id)
      } catch (error) {
        const told = interruptedIsCancelled(error, job)
        this.#tellFailure(job, told)
        throw told
      }
    })
    return job.id
  }

  #tellFailure(job: Job, error: unknown): void {
    const problem = toProblem(error)
    if (problem.code === 'restore/cancelled') {
      this.#tell('info', job.machineId, job.machineName, problem.message, job.id)
    } else this.#tell('problem', job.machineId, job.machineName, problem.message, job.id, problem)
  }

  #tell(
    level: Activity['level'],
    machineId: MachineId | null,
    subject: string,
    text: string,
    jobId: JobId | null = null,
    problem: Activity['problem'] = null,
  ): void {
    const at = this.#context.ports.clock.now().toISOString()
    const timeline = jobId === null ? [] : timelineOf(this.#context.board, jobId, at, text)
    this.#context.activity.add({ level, machineId, subject, text, jobId, problem, timeline })
  }
}

/** A tool that was told to stop (Ctrl-C) is a cancellation to the person, whichever step it was in. */
function interruptedIsCancelled(error: unknown, job: Job): unknown {
  return error instanceof FloeError && error.code === 'system/interrupted' ? cancelled(job.machineName) : error
}

function timelineOf(board: JobBoard, jobId: JobId, at: string, text: string): Activity['timeline'] {
  const { createdAt, startedAt } = board.get(jobId)
  return [
    { at: createdAt, text: 'Asked for' },
    ...(startedAt === null ? [] : [{ at: startedAt, text: 'Started' }]),
    { at, text },
  ]
}
