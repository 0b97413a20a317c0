// One export from its plan to its end: build it, hold it for as long as somebody wants it and the instant lasts, and
// take it down whatever happened.
import { setTimeout as wait } from 'node:timers/promises'
import type { JobId } from '../../../shared/domain/ids.ts'
import { FloeError } from '../errors.ts'
import type { GuestKeeper } from '../guest-agent/types.ts'
import type { JobBoard } from '../jobs/types.ts'
import type { MachineService } from '../machines/types.ts'
import { NbdConnectionError, NbdServerError } from '../nbd/errors.ts'
import type { Ports } from '../ports/index.ts'
import { type Built, buildExport } from './build.ts'
import type { Holders } from './holders.ts'
import { writeRecord } from './journal.ts'
import { type ExportInput, type ExportPlan, type PlanSurroundings, planExport } from './plan.ts'
import { removeExport } from './remove.ts'
import { assertRoom, Samples, scratchUsed } from './watch.ts'

export interface RunDependencies {
  readonly machines: MachineService
  readonly board: JobBoard
  readonly ports: Ports
  readonly keeper: Pick<GuestKeeper, 'around'>
  readonly journalDir: string
  readonly surroundings: () => PlanSurroundings
}

export interface RunInput extends ExportInput {
  readonly jobId: JobId
  readonly holders: Holders
  /** The export is not wanted any more. */
  readonly ended: AbortSignal
  /** Floe is closing: what cannot be taken down soon is left to the next start. */
  readonly giveUp: AbortSignal
}

/** The export was cancelled or let go; nothing is wrong. */
export class NotWanted extends Error {
  override readonly name = 'NotWanted'
}

const watchEveryMs = 1_000

/**
 * Resolves when the export was let go with its instant whole; by then nothing of it is left.
 * @throws NotWanted when it was let go before it could be held; FloeError when it could not be made or was lost
 */
export async function runExport(deps: RunDependencies, input: RunInput): Promise<void> {
  const { machines, board, ports, journalDir } = deps
  const { jobId, ended, holders } = input
  let plan: ExportPlan | null = null
  const failures: unknown[] = []
  try {
    const built = await build(deps, input, (made) => {
      plan = made
    })
    board.update(jobId, {
      state: { kind: 'holding' },
      canCancel: true,
      export: built.place,
      instant: built.instant,
    })
    holders.ready()
    await hold(deps, input, plan as unknown as ExportPlan)
  } catch (error) {
    failures.push(error)
  }
  holders.close()
  const made = plan as ExportPlan | null
  if (made !== null) {
    if (!ended.aborted) board.update(jobId, { state: { kind: 'finishing', step: 'Taking the export down' } })
    await removeExport({ machines, logger: ports.logger, journalDir }, made.record, input.giveUp).catch((error) =>
      failures.push(error),
    )
    board.update(jobId, { scratch: null, export: null })
  }
  for (const error of failures.slice(1)) ports.logger.error('An export could not be taken down', { error })
  if (failures.length > 0) throw failures[0]
}

async function build(deps: RunDependencies, input: RunInput, onPlan: (plan: ExportPlan) => void): Promise<Built> {
  const { machines, board, ports, keeper, journalDir } = deps
  const { jobId, ended } = input
  const assertWanted = () => {
    if (ended.aborted) throw new NotWanted()
  }
  const onStep = (step: string) => board.update(jobId, { state: { kind: 'preparing', step }, canCancel: true })
  await using lease = await machines.acquire(input.machineId)
  const plan = await planExport(lease, jobId, input, deps.surroundings())
  assertWanted()
  await writeRecord(journalDir, plan.record)
  onPlan(plan)
  return buildExport(
    lease,
    plan,
    { ports, keeper },
    {
      assertWanted,
      onStep,
      onFreeze: (phase) => {
        if (phase === 'freezing') board.update(jobId, { state: { kind: 'freezing' }, canCancel: false })
        else onStep('Opening the export')
      },
    },
  )
}

/** Until the export is let go. @throws FloeError when the instant is lost */
async function hold({ board }: RunDependencies, { jobId, ended }: RunInput, plan: ExportPlan): Promise<void> {
  const { record, scratch } = plan
  using samples = await Samples.open(record).catch((error: unknown) => {
    throw unreadable(record.machineName, error)
  })
  // Looked at once more after the end: what was read until then is good only if the instant still is.
  for (let last = false; ; last = ended.aborted) {
    const usedBytes = await scratchUsed(record.disks)
    board.update(jobId, { scratch: { usedBytes, limitBytes: scratch.limitBytes } })
    await assertRoom(record, scratch, usedBytes)
    await samples.check(record.machineName)
    if (last) return
    if (!ended.aborted) await wait(watchEveryMs, undefined, { signal: ended }).catch(() => {})
  }
}

function unreadable(machineName: string, error: unknown): unknown {
  if (!(error instanceof NbdConnectionError || error instanceof NbdServerError)) return error
  return new FloeError('export/ended', `The export of ${machineName} can't be read: ${error.message}`, {
    params: { machine: machineName },
    cause: error,
  })
}
