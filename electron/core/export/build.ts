// Makes an export inside QEMU, step by step; the record lies on the disk before the first one.
import { mkdir } from 'node:fs/promises'
import type { DiskId } from '../../../shared/domain/ids.ts'
import type { ExportPlace, JobInstant } from '../../../shared/domain/job.ts'
import { FloeError } from '../errors.ts'
import type { FreezeOutcome, GuestKeeper } from '../guest-agent/types.ts'
import type { Command } from '../instant/commands.ts'
import { insertFilters } from '../instant/insert.ts'
import { prepareSnapshots } from '../instant/prepare.ts'
import type { FreezePlan, Instant } from '../instant/types.ts'
import { holdShutdown } from '../machines/shutdown-safe.ts'
import type { MachineLease, MachineService } from '../machines/types.ts'
import { exportCommands, type KnownServer, startServer } from '../nbd-server/serving.ts'
import type { Ports } from '../ports/index.ts'
import type { QmpSession } from '../qmp/types.ts'
import type { ExportRecord } from './journal.ts'
import { exportId, exportUri } from './naming.ts'
import type { OffImages } from './off-images.ts'
import type { ExportPlan } from './plan.ts'
import { readerSocket } from './readers.ts'
import { freezeCommand, type Since } from './since.ts'

export interface BuildView {
  /** Asked before each step that can still be left out; throws when the export is not wanted any more. */
  readonly assertWanted: () => void
  readonly onStep: (step: string) => void
  readonly onFreeze: (phase: 'freezing' | 'thawed') => void
}

export interface Built {
  readonly place: ExportPlace
  readonly instant: JobInstant
}

/** @throws FloeError; then removeExport takes down what was made */
export async function buildExport(
  lease: MachineLease,
  { record, freeze, since }: ExportPlan,
  deps: {
    readonly ports: Ports
    readonly keeper: Pick<GuestKeeper, 'around'>
    readonly machines: Pick<MachineService, 'guestAccess'>
    readonly server: KnownServer
  },
  view: BuildView,
): Promise<Built> {
  const { session } = lease
  const { clock, env, logger } = deps.ports
  // Before the guest is touched: somebody else's server is the likeliest reason why it cannot be.
  view.onStep('Starting the NBD server')
  await mkdir(record.socketFolder, { recursive: true, mode: 0o700 })
  await startServer(session, record, deps.server)
  if (record.hold) await holdShutdown(session)
  view.assertWanted()
  view.onStep('Making room for the guest’s old data')
  await prepareSnapshots(session, record.disks, { env })
  view.assertWanted()
  const readers = record.disks.map((disk) => ({ id: disk.id, node: disk.snapshotNode, exportId: disk.exportId }))
  const { value, freeze: outcome } = await deps.keeper.around(
    deps.machines.guestAccess(lease.machine.id),
    wishOf(freeze),
    (guard) =>
      insertFilters(session, record.disks, { guard, clock, logger, atInstant: servingCommands(readers, since) }),
    (phase) => {
      if (phase === 'freezing' || phase === 'thawed') view.onFreeze(phase)
    },
  )
  if (freeze.kind === 'freeze' && freeze.required && outcome.kind === 'not-frozen')
    throw notHeld(record, outcome.reason)
  await since?.assertHolds(session)
  return { place: placeOf(readerSocket(record), record.disks, value.at, since), instant: instantOf(value, outcome) }
}

interface Reader {
  readonly id: DiskId
  readonly node: string
  readonly exportId: string
}

const servingCommands = (readers: readonly Reader[], since: Since | null): readonly Command[] => [
  ...(since ? [freezeCommand(since, readers)] : []),
  ...exportCommands(
    readers.map(({ id, node, exportId: ownId }) => ({
      exportId: ownId,
      node,
      name: id,
      bitmaps: since ? [since.name] : [],
    })),
  ),
]

/** The instant was taken, but nobody can say that the guest was frozen then. */
const notHeld = ({ machineName }: ExportRecord, reason: string) =>
  new FloeError('export/freeze-required', reason, {
    params: { machine: machineName },
    remedy: 'Try again, or export without freezing.',
  })

const wishOf = (plan: FreezePlan): Parameters<GuestKeeper['around']>[1] =>
  plan.kind === 'freeze' ? plan : { notFrozen: { kind: 'not-frozen', cause: plan.cause, reason: plan.reason } }

type Sized = Pick<OffImages['disks'][number], 'id' | 'virtualSize'>

function placeOf(socketPath: string, disks: readonly Sized[], at: string, since: Since | null): ExportPlace {
  return {
    socketPath,
    at,
    disks: disks.map((disk) => ({
      diskId: disk.id,
      exportName: disk.id,
      uri: exportUri(socketPath, disk.id),
      size: disk.virtualSize,
      sinceBitmap: since?.name ?? null,
    })),
  }
}

/** The images of a machine that is off are served as they are: nothing is written to them. @throws FloeError */
export async function buildOffExport(
  session: QmpSession,
  record: ExportRecord,
  { disks, since, now }: { readonly disks: OffImages['disks']; readonly since: Since | null; readonly now: Date },
): Promise<Built> {
  await mkdir(record.socketFolder, { recursive: true, mode: 0o700 })
  await startServer(session, record, { runs: false })
  const readers = disks.map(({ id, node }, index) => ({ id, node, exportId: exportId(record.jobId, index) }))
  for (const { execute, arguments: args } of servingCommands(readers, since)) await session.execute(execute, args)
  return {
    place: placeOf(record.socketPath, disks, now.toISOString(), since),
    instant: { consistency: 'offline', freeze: null, reason: null, cause: null, pausedMs: null },
  }
}

function instantOf({ pausedMs }: Instant, freeze: FreezeOutcome): JobInstant {
  if (freeze.kind === 'not-frozen') {
    const { cause, reason } = freeze
    return { consistency: 'crash-consistent', freeze: null, reason, cause, pausedMs }
  }
  const { heldMs, confirmedAfterMs, fileSystems, partial } = freeze
  return {
    consistency: 'frozen',
    freeze: { heldMs, confirmedAfterMs, fileSystems: [...fileSystems], ...(partial ? { partial } : {}) },
    reason: null,
    cause: null,
    pausedMs,
  }
}
