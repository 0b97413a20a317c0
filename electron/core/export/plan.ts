// Decides, without touching anything, what an export will hold: which disks, where the guest's old data goes, whether
// the guest is frozen for it. What cannot be done is refused here.
import type { JobId, MachineId, PointId } from '../../../shared/domain/ids.ts'
import type { Settings } from '../../../shared/domain/settings.ts'
import { FloeError } from '../errors.ts'
import { deviceRoots } from '../instant/devices.ts'
import { fleecingHindrance } from '../instant/feasible.ts'
import { snapshotDisk } from '../instant/naming.ts'
import { planScratch, scratchSpace } from '../instant/scratch.ts'
import type { FreezePlan, ScratchPlan } from '../instant/types.ts'
import { chooseDisks } from '../machines/choose-disks.ts'
import { planHold, type ShutdownHold } from '../machines/shutdown-safe.ts'
import type { MachineLease } from '../machines/types.ts'
import { socketPlace } from '../nbd-server/place.ts'
import type { ExportRecord } from './journal.ts'
import { exportId } from './naming.ts'
import { assertExportable } from './possible.ts'
import { socketsFor } from './readers.ts'
import { type KnownPoints, readSince, type Since } from './since.ts'

export interface ExportInput {
  readonly machineId: MachineId
  /** Disk ids or aliases; null: all that can be exported. */
  readonly diskIds: readonly string[] | null
  /** Readers are also told what changed since this point; null: they are not. */
  readonly since: PointId | null
  /** Null: as the machine's or the general settings say. */
  readonly freeze: boolean | null
  readonly requireFreeze: boolean | null
}

/** How freezing is decided: the rules of backups, given by whoever puts Floe together. */
export type PlanFreeze = (
  machine: MachineLease['machine'],
  wishes: Pick<ExportInput, 'freeze' | 'requireFreeze'>,
  settings: Settings,
) => FreezePlan

export interface PlanSurroundings {
  readonly settings: Settings
  readonly planFreeze: PlanFreeze
  /** Where scratch images lie unless the settings say otherwise. */
  readonly scratchDir: string
  /** For sockets, when its path is short enough; else the system's folder for temporary files. */
  readonly runDir: string
  /** Short enough for any socket path. */
  readonly shortDir: string
  readonly now: Date
  readonly points: KnownPoints
}

export interface ExportPlan {
  readonly record: ExportRecord
  readonly scratch: ScratchPlan
  readonly freeze: FreezePlan
  /** What readers are told of changes; null: nothing. */
  readonly since: Since | null
}

/** @throws FloeError `export/not-possible`, `export/not-tracked`, `export/job-clash`, `export/scratch-full`; and as chooseDisks and `planFreeze` (own-codes.ts) */
export async function planExport(
  lease: MachineLease,
  jobId: JobId,
  input: ExportInput,
  around: PlanSurroundings,
): Promise<ExportPlan> {
  const { machine, session } = lease
  assertExportable(await session.capabilities(), machine.name, session.version)
  await assertNoJobs(lease)
  const hindrance = await fleecingHindrance(session)
  if (hindrance !== null) throw notPossible(machine.name, hindrance.slice(0, 1).toLowerCase() + hindrance.slice(1))
  const inventory = await lease.inventory()
  const disks = chooseDisks({ inventory, wanted: input.diskIds, machineName: machine.name })
  const since =
    input.since && (await readSince(session, { machine, pointId: input.since, known: around.points, disks }))
  const roots = await deviceRoots(session)
  const folder = around.settings.scratchFolder ?? around.scratchDir
  const outside = planOffExport(machine, jobId, around)
  const record: ExportRecord = {
    ...outside,
    ...socketsFor(session.version, outside),
    hold: await holdOf(lease),
    disks: disks.map((disk, index) => {
      const snapshot = snapshotDisk(jobId, index, disk, roots, folder)
      if (snapshot) return { ...snapshot, exportId: exportId(jobId, index) }
      throw notPossible(machine.name, `no device of the machine uses the disk ${disk.id}.`)
    }),
  }
  const dataBytes = disks.reduce((sum, disk) => sum + Math.min(disk.allocatedSize, disk.virtualSize), 0)
  const scratch = planScratch(folder, dataBytes, await scratchSpace(folder), around.settings.scratchLimit)
  if (scratch.kind === 'no-room') {
    throw new FloeError('export/scratch-full', scratch.reason, {
      params: { machine: machine.name, folder, before: true },
      remedy: 'Free space there, or choose another scratch folder in the settings.',
    })
  }
  return { record, scratch: scratch.plan, freeze: around.planFreeze(machine, input, around.settings), since }
}

/** A guest that turns itself off must not take the export with it (peers.md E4). */
async function holdOf({ session, actions }: MachineLease): Promise<ShutdownHold | null> {
  const { status } = await session.execute<{ status: string }>('query-status')
  return planHold({ capabilities: await session.capabilities(), actions, status })
}

/** What is made outside of a running machine: a socket in a folder of its own. */
export function planOffExport(machine: MachineLease['machine'], jobId: JobId, around: PlanSurroundings): ExportRecord {
  return {
    jobId,
    machineId: machine.id,
    machineName: machine.name,
    pid: machine.pid,
    createdAt: around.now.toISOString(),
    ...socketPlace(jobId, around),
    readerSocketPath: null,
    disks: [],
    hold: null,
  }
}

/**
 * A block job of somebody else would be bypassed by the filter, and a mirror would lose the guest's writes
 * (docs/qmp.md): none may run while the filter goes in. @throws FloeError `export/job-clash`
 */
async function assertNoJobs({ session, machine }: MachineLease): Promise<void> {
  const [job] = await session.execute<readonly { type: string; device: string }[]>('query-block-jobs')
  if (!job) return
  throw new FloeError('export/job-clash', `The ${job.type} job "${job.device}" is using a disk of ${machine.name}.`, {
    params: { machine: machine.name, job: job.device, type: job.type },
    remedy: 'Wait until that job has ended, then try again.',
  })
}

const notPossible = (machineName: string, why: string) =>
  new FloeError('export/not-possible', `${machineName} can't be exported: ${why}`, { params: { machine: machineName } })
