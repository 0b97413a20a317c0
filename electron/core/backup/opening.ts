// Opens what a backup reads from: the QEMU of a machine that runs, or the images of one that is off. Which of the two is
// decided at the moment the copy begins, because a machine may be started or turned off while its backup waits.
import { mkdir, rm } from 'node:fs/promises'
import type { DestinationId, MachineId, PointId } from '../../../shared/domain/ids.ts'
import type { Machine } from '../../../shared/domain/machine.ts'
import { FloeError } from '../errors.ts'
import { assertNoClash } from '../machines/foreign-jobs.ts'
import { planHold, type ShutdownHold } from '../machines/shutdown-safe.ts'
import type { MachineLease, MachineService } from '../machines/types.ts'
import { startServer, stopServing } from '../nbd-server/serving.ts'
import type { Ports } from '../ports/index.ts'
import type { OpenDestination, Repository } from '../repository/types.ts'
import type { QemuLink } from './link.ts'
import { MachineLink } from './machine-link.ts'
import { assertOff, guardOffMachine, type OffMachine, openOffMachine, readOffMachine } from './off-machine.ts'
import { type BackupPlan, type PlanInput, planBackup, spaceNeeded } from './plan.ts'
import { inputOfOff, inputOfRunning, type Planning } from './planning.ts'
import { runState } from './qemu-copy.ts'

interface Deps {
  readonly machines: MachineService
  readonly repository: Pick<Repository, 'open'>
  readonly ports: Ports
}

export interface OpenedMachine {
  readonly machine: Machine
  /** The point that is to be made. */
  readonly pointId: PointId
  readonly plan: BackupPlan
  readonly destination: OpenDestination
  readonly link: QemuLink
  readonly qemuVersion: string
  /** The QEMU that copies; null when the machine is off. */
  readonly pid: number | null
  /** How QEMU is kept when its guest turns itself off meanwhile; null when it is left as it is. */
  readonly hold: ShutdownHold | null
}

/** The machine as it is now: one that was off when Floe looked last may run by now. @throws FloeError `machine/unknown` */
export async function machineNow(machines: MachineService, id: MachineId): Promise<Machine> {
  if (machines.get(id).state.kind === 'off') await machines.refresh()
  return machines.get(id)
}

async function openDestination(deps: Deps, id: DestinationId, machine: Machine, plan: BackupPlan) {
  const known = machine.disks.flatMap((disk) => [disk.imagePath, ...disk.backingChain]).filter((path) => path !== null)
  const own = plan.disks.flatMap((disk) => (disk.sourcePath === null ? [] : [disk.sourcePath]))
  return deps.repository.open(id, { ...spaceNeeded(plan), imagePaths: [...new Set([...known, ...own])] })
}

/** @throws FloeError `export/not-possible`: a proof needs the instant itself, and a plain copy keeps none */
function assertProvable(plan: BackupPlan, { wishes }: Planning, machineName: string): BackupPlan {
  if (!wishes.prove || plan.way !== 'push') return plan
  throw new FloeError('export/not-possible', `A backup of ${machineName} can't be proved now. ${plan.wayReason}`, {
    params: { machine: machineName },
    remedy: 'Back up without the proof, or do what the reason asks for.',
  })
}

async function planOff(off: OffMachine, planning: Planning, ports: Ports): Promise<BackupPlan> {
  return planBackup(await inputOfOff(off, planning, ports))
}

/** @throws FloeError `backup/job-clash` when somebody else works on one of the disks, and as planBackup */
async function planRunning(lease: MachineLease, planning: Planning): Promise<BackupPlan> {
  const input = await inputOfRunning(lease, planning)
  const plan = assertProvable(await planWithin(lease, input, planning), planning, lease.machine.name)
  const ids = new Set(plan.disks.map(({ id }) => id))
  const chosen = input.inventory.filter(({ id }) => ids.has(id))
  await assertNoClash(lease.session, lease.machine.name, chosen)
  return plan
}

/** Comparing needs QEMU's one NBD server. Whether it can be had is known only by asking for it. */
async function planWithin(lease: MachineLease, input: PlanInput, planning: Planning): Promise<BackupPlan> {
  const plan = planBackup(input)
  if (!needsServer(plan)) return plan
  const { socketFolder, socketPath } = planning.place
  try {
    await mkdir(socketFolder, { recursive: true, mode: 0o700 })
    const refusal = await refusedServer(lease, socketPath)
    return refusal === null ? plan : planBackup(withNoComparison(input, refusal.message))
  } finally {
    await rm(socketFolder, { recursive: true, force: true })
  }
}

/**
 * For people to see, again and again, while anything else may begin: the server is asked for in a folder that is not
 * there. QEMU says first whether it runs one already, and then starts none.
 * @param held a job of this Floe works in the machine's QEMU; that its server runs means nothing for the next backup
 * @throws the session's errors
 */
export async function inputToSee(lease: MachineLease, planning: Planning, held: boolean): Promise<PlanInput> {
  const input = await inputOfRunning(lease, planning)
  if (held) return withNoComparison(input, null)
  if (!needsServer(planBackup(input))) return input
  const refusal = await refusedServer(lease, planning.place.socketPath)
  return refusal?.code === 'export/nbd-server-taken' ? withNoComparison(input, refusal.message) : input
}

const needsServer = ({ way, disks }: BackupPlan): boolean =>
  way === 'fleecing' && disks.some(({ basis }) => basis === 'comparison')

const withNoComparison = (input: PlanInput, why: string | null): PlanInput => ({
  ...input,
  history: { ...input.history, noComparison: why },
})

/** Why QEMU serves nothing on this socket; null when it did, and does no more. */
async function refusedServer({ session, machine }: MachineLease, socketPath: string): Promise<FloeError | null> {
  const server = { runs: false }
  const place = { machineName: machine.name, socketPath }
  try {
    await startServer(session, place, server)
    await stopServing(session, { ...place, disks: [] }, server)
    return null
  } catch (error) {
    if (!(error instanceof FloeError) || !error.code.startsWith('export/')) throw error
    return error
  }
}

async function holdOf({ session, actions }: MachineLease): Promise<ShutdownHold | null> {
  return planHold({ capabilities: await session.capabilities(), actions, status: await runState(session) })
}

/** What the backup will do, for the card; everything that can be refused at once is. @throws FloeError */
export async function planFor(
  deps: Deps,
  machineId: MachineId,
  destinationId: DestinationId,
  planning: Planning,
): Promise<BackupPlan> {
  const machine = await machineNow(deps.machines, machineId)
  if (machine.state.kind === 'off') {
    const off = await readOffMachine(machine, planning.wishes.diskIds, deps.ports)
    const plan = await planOff(off, planning, deps.ports)
    await assertOff(off, deps)
    await openDestination(deps, destinationId, machine, plan)
    return plan
  }
  await using lease = await deps.machines.acquire(machineId)
  const plan = await planRunning(lease, planning)
  await openDestination(deps, destinationId, lease.machine, plan)
  return plan
}

/** The caller closes the link. @throws FloeError when the machine or the destination cannot be used */
export async function openMachine(
  deps: Deps,
  machineId: MachineId,
  destinationId: DestinationId,
  planning: Planning,
): Promise<OpenedMachine> {
  const { machines, ports } = deps
  const machine = await machineNow(machines, machineId)
  if (machine.state.kind === 'off') {
    const { off, guard } = await guardOffMachine(machine, planning.wishes.diskIds, deps)
    const plan = await planOff(off, planning, ports)
    const destination = await openDestination(deps, destinationId, machine, plan)
    const { link, version } = await openOffMachine(off, guard, deps)
    const { pointId } = planning
    return {
      machine,
      pointId,
      plan,
      destination,
      link,
      qemuVersion: machine.qemuVersion ?? version,
      pid: null,
      hold: null,
    }
  }
  const lease = await machines.acquire(machineId)
  try {
    const plan = await planRunning(lease, planning)
    const hold = await holdOf(lease)
    const destination = await openDestination(deps, destinationId, lease.machine, plan)
    const link = new MachineLink(machines, lease.machine, ports.logger, lease)
    return {
      machine: lease.machine,
      pointId: planning.pointId,
      plan,
      destination,
      link,
      qemuVersion: lease.session.version,
      pid: lease.machine.pid,
      hold,
    }
  } catch (error) {
    await lease[Symbol.asyncDispose]()
    throw error
  }
}
