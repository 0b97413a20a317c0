// One export from its plan to its end: build it, hold it for as long as somebody wants it and the instant lasts, and
// take it down whatever happened.
import type { JobId } from '../../../shared/domain/ids.ts'
import type { ExportPlace, JobInstant } from '../../../shared/domain/job.ts'
import type { Problem } from '../../../shared/errors/problem.ts'
import type { GuestKeeper } from '../guest-agent/types.ts'
import type { JobBoard } from '../jobs/types.ts'
import type { MachineLease, MachineService } from '../machines/types.ts'
import type { NbdProxy } from '../nbd-proxy/proxy.ts'
import type { KnownServer } from '../nbd-server/serving.ts'
import type { Ports } from '../ports/index.ts'
import { buildExport, buildOffExport } from './build.ts'
import { errorOf, holdUntil, unreadable } from './hold.ts'
import type { Holders } from './holders.ts'
import { type ExportRecord, writeRecord } from './journal.ts'
import type { OffImages, OpenOffImages } from './off-images.ts'
import { type ExportInput, type PlanSurroundings, planExport, planOffExport } from './plan.ts'
import { acquireUnlessOff } from './reach.ts'
import { openToReaders } from './readers.ts'
import { readSince } from './since.ts'
import { assertRoom, scratchUsed } from './watch.ts'

export interface RunDependencies {
  readonly machines: MachineService
  readonly board: JobBoard
  readonly ports: Ports
  readonly keeper: Pick<GuestKeeper, 'around'>
  readonly openOffImages: OpenOffImages
  readonly journalDir: string
  readonly surroundings: () => PlanSurroundings
}

export interface RunInput extends ExportInput {
  readonly jobId: JobId
  readonly holders: Holders
  /** The export is not wanted any more. */
  readonly ended: AbortSignal
}

/** The export was cancelled or let go before it could be held; nothing is wrong. */
export class NotWanted extends Error {
  override readonly name = 'NotWanted'
}

/**
 * Resolves when the export was let go with its instant whole; by then nothing of it is left.
 * @throws NotWanted; FloeError when it could not be made, was lost, or cannot be taken down
 */
export async function runExport(
  deps: RunDependencies,
  input: RunInput,
  remove: (record: ExportRecord, server: KnownServer) => Promise<void>,
): Promise<void> {
  const run = new ExportRun(deps, input)
  const failures: unknown[] = []
  const tryTo = (work: () => Promise<void>) =>
    work().catch((error: unknown) => {
      failures.push(error)
    })
  await tryTo(() => run.hold())
  input.holders.close()
  await tryTo(() => run.takeDown(remove))
  for (const error of failures.slice(1)) deps.ports.logger.error('An export did not end cleanly', { error })
  if (failures.length > 0) throw failures[0]
}

class ExportRun {
  readonly #deps: RunDependencies
  readonly #input: RunInput
  readonly #server: KnownServer = { runs: false }
  #record: ExportRecord | null = null
  #images: OffImages | null = null
  #proxy: NbdProxy | null = null

  constructor(deps: RunDependencies, input: RunInput) {
    this.#deps = deps
    this.#input = input
  }

  async hold(): Promise<void> {
    const lease = await acquireUnlessOff(this.#deps.machines, this.#input.machineId)
    await (lease ? this.#holdLive(lease) : this.#holdOff())
  }

  async #holdLive(lease: MachineLease): Promise<void> {
    const { board, ports, keeper, machines } = this.#deps
    const { jobId, ended } = this.#input
    await using _untilTheEnd = lease
    const plan = await planExport(lease, jobId, this.#input, this.#deps.surroundings())
    const { record, scratch } = plan
    await this.#begin(record)
    const built = await buildExport(
      lease,
      plan,
      { ports, keeper, machines, server: this.#server },
      {
        assertWanted: () => this.#assertWanted(),
        onStep: (step) => this.#step(step),
        onFreeze: (phase) => {
          if (phase === 'freezing') board.update(jobId, { state: { kind: 'freezing' }, canCancel: false })
          else this.#step('Opening the export')
        },
      },
    )
    this.#proxy = await openToReaders(record, plan.since).catch((error: unknown) => {
      throw unreadable(record.machineName, error)
    })
    this.#tellHeld(built)
    // Others may want the monitor while the export is held.
    await lease[Symbol.asyncDispose]()
    await holdUntil(
      ended,
      record,
      record.disks.map(({ id }) => id),
      async () => {
        const usedBytes = await scratchUsed(record.disks)
        board.update(jobId, { scratch: { usedBytes, limitBytes: scratch.limitBytes } })
        await assertRoom(record, scratch, usedBytes)
      },
    )
  }

  async #holdOff(): Promise<void> {
    const { machines } = this.#deps
    const { jobId, ended, machineId, diskIds } = this.#input
    const machine = machines.get(machineId)
    const surroundings = this.#deps.surroundings()
    this.#step('Opening the images')
    this.#images = await this.#deps.openOffImages(machine, diskIds)
    const { disks, follow, session } = this.#images
    const pointId = this.#input.since
    const since = pointId && (await readSince(session, { machine, pointId, known: surroundings.points, disks }))
    const record = planOffExport(machine, jobId, surroundings)
    await this.#begin(record)
    this.#tellHeld(await buildOffExport(session, record, { disks, since, now: surroundings.now }))
    const trouble: Problem[] = []
    const done = new AbortController()
    const following = follow(done.signal, (problem) => trouble.push(problem))
    try {
      await holdUntil(
        ended,
        record,
        disks.map(({ id }) => id),
        async () => {
          if (trouble[0]) throw errorOf(trouble[0])
        },
      )
    } finally {
      done.abort()
      await following
    }
  }

  /** Repeatable until it worked; without anything made there is nothing to do. */
  async takeDown(remove: (record: ExportRecord, server: KnownServer) => Promise<void>): Promise<void> {
    const { board } = this.#deps
    const { jobId, ended } = this.#input
    if (this.#images === null && this.#record === null) return
    if (!ended.aborted) board.update(jobId, { state: { kind: 'finishing', step: 'Taking the export down' } })
    await this.#proxy?.close()
    await this.#images?.close()
    if (this.#record) await remove(this.#record, this.#server)
    board.update(jobId, { scratch: null, export: null })
    await this.#images?.assertUntouched()
  }

  /** From here on something may be made that the next start must take down. */
  async #begin(record: ExportRecord): Promise<void> {
    this.#assertWanted()
    await writeRecord(this.#deps.journalDir, record)
    this.#record = record
  }

  #tellHeld({ place, instant }: { readonly place: ExportPlace; readonly instant: JobInstant }): void {
    const { board } = this.#deps
    board.update(this.#input.jobId, { state: { kind: 'holding' }, canCancel: true, export: place, instant })
    this.#input.holders.ready()
  }

  #step(step: string): void {
    this.#deps.board.update(this.#input.jobId, { state: { kind: 'preparing', step }, canCancel: true })
  }

  #assertWanted(): void {
    if (this.#input.ended.aborted) throw new NotWanted()
  }
}
