// Gathers what plan.ts needs to know: the machine's disks and devices, what its QEMU can do, the room for scratch
// images, and the wishes for the freeze.
import { stat } from 'node:fs/promises'
import type { DestinationId, JobId, PointId } from '../../../shared/domain/ids.ts'
import type { Machine } from '../../../shared/domain/machine.ts'
import type { Settings } from '../../../shared/domain/settings.ts'
import { deviceRoots } from '../instant/devices.ts'
import { fleecingHindrance } from '../instant/feasible.ts'
import { planScratch, type ScratchAnswer, scratchSpace } from '../instant/scratch.ts'
import type { MachineLease } from '../machines/types.ts'
import type { SocketPlace } from '../nbd-server/place.ts'
import type { Ports } from '../ports/index.ts'
import type { QmpSession } from '../qmp/types.ts'
import type { ParentPoint } from '../repository/types.ts'
import { readOfflineTracking, readTracking } from '../tracking/reading.ts'
import { type FreezeWishes, planFreeze } from './freeze-plan.ts'
import type { OffMachine } from './off-machine.ts'
import type { PlanInput } from './plan.ts'

export interface PlanWishes extends FreezeWishes {
  /** Disk ids or aliases; null: all that can be backed up. */
  readonly diskIds: readonly string[] | null
  /** Compare the finished point with the instant itself. */
  readonly prove?: boolean
}

export interface Planning {
  readonly jobId: JobId
  readonly pointId: PointId
  readonly destinationId: DestinationId
  readonly kind: 'automatic' | 'full'
  /** Where QEMU would show the instant. */
  readonly place: SocketPlace
  /** What there is to start from, newest first. */
  readonly parents: readonly ParentPoint[]
  readonly wishes: PlanWishes
  readonly settings: Settings
  /** Floe's own scratch folder, for when the settings name none. */
  readonly scratchDir: string
  /** Where the copy goes. */
  readonly destinationPath?: string
}

/** Of a machine that runs. @throws the session's errors, FloeError `backup/freeze-required` */
export async function inputOfRunning(lease: MachineLease, planning: Planning): Promise<PlanInput> {
  const { machine, session } = lease
  const inventory = await lease.inventory()
  const history = {
    ...pastOf(planning),
    tracking: await readTracking(session, inventory),
    noComparison: await whyNotServed(session),
  }
  return {
    ...(await common(machine, planning)),
    inventory,
    history,
    capabilities: await session.capabilities(),
    roots: await deviceRoots(session),
    hindrance: await fleecingHindrance(session),
  }
}

/** Of a machine that is off, from what its images say. */
export async function inputOfOff(
  { machine, inventory }: OffMachine,
  planning: Planning,
  ports: Pick<Ports, 'env'>,
): Promise<PlanInput> {
  const tracking = await readOfflineTracking(inventory, { env: ports.env })
  const history = { ...pastOf(planning), tracking, noComparison: null }
  return { ...(await common(machine, planning)), inventory, history, capabilities: null, roots: [], hindrance: null }
}

/** Of a machine that cannot be asked now, from what is remembered of it. */
export async function inputFromMemory(machine: Machine, planning: Planning): Promise<PlanInput> {
  const inventory = machine.disks
  const history = { ...pastOf(planning), tracking: new Map(), noComparison: null }
  return { ...(await common(machine, planning)), inventory, history, capabilities: null, roots: [], hindrance: null }
}

const pastOf = ({ destinationId, pointId, kind, parents }: Planning) => ({
  destinationId,
  pointId,
  wished: kind,
  parents,
})

/** QEMU has one NBD server, and comparing needs it. */
async function whyNotServed(session: QmpSession): Promise<string | null> {
  const exports = await session.execute<readonly { type: string }[]>('query-block-exports').catch(() => null)
  if (exports === null) return 'This QEMU can\u2019t serve a disk to be compared.'
  return exports.some(({ type }) => type === 'nbd')
    ? 'Another program has QEMU serve its disks, so nothing can be compared.'
    : null
}

async function common(machine: Machine, { jobId, wishes, settings, scratchDir, destinationPath }: Planning) {
  const folder = settings.scratchFolder ?? scratchDir
  const space = await scratchSpace(folder).catch((error: unknown) =>
    error instanceof Error ? error.message : String(error),
  )
  const scratch = (dataBytes: number): ScratchAnswer =>
    typeof space === 'string'
      ? { kind: 'no-room', reason: `The scratch folder ${folder} can't be used: ${space.replace(/\.$/, '')}.` }
      : planScratch(folder, dataBytes, space, settings.scratchLimit)
  return {
    jobId,
    machineName: machine.name,
    wanted: wishes.diskIds,
    scratchAtDestination: typeof space !== 'string' && (await areOnOneDrive(folder, destinationPath)),
    scratch,
    freeze: planFreeze(machine, wishes, settings),
  }
}

/** In doubt no: it only matters for the words. */
async function areOnOneDrive(folder: string, other: string | undefined): Promise<boolean> {
  if (other === undefined) return false
  const [one, two] = await Promise.all([folder, other].map((path) => stat(path).catch(() => null)))
  return one !== null && one?.dev === two?.dev
}
