// The backup room's front: preview, start, and, after a restart of Floe, finding again what was going on. Jobs live on
// the board; what they do is decided by plan.ts and transition.ts and done by runner.ts.
import type { Destination } from '../../../shared/domain/destination.ts'
import type { DestinationId, JobId, MachineId, PointId } from '../../../shared/domain/ids.ts'
import type { Job } from '../../../shared/domain/job.ts'
import type { Machine } from '../../../shared/domain/machine.ts'
import type { Settings } from '../../../shared/domain/settings.ts'
import type { BackupPreview } from '../../../shared/ipc/contract.ts'
import type { ActivityLog } from '../activity/types.ts'
import { FloeError } from '../errors.ts'
import type { GuestKeeper } from '../guest-agent/types.ts'
import { newId } from '../ids.ts'
import { newJob } from '../jobs/new-job.ts'
import { type JobBoard, NotYet, type WaitingState } from '../jobs/types.ts'
import type { MachineService } from '../machines/types.ts'
import { type SocketPlace, socketPlace } from '../nbd-server/place.ts'
import type { Ports } from '../ports/index.ts'
import type { Repository } from '../repository/types.ts'
import { BackupCard } from './backup-card.ts'
import { BackupsAtWork, forever } from './backups-at-work.ts'
import { firstPhases } from './card.ts'
import { assertFree, chooseDestination, holderOf } from './choosing.ts'
import { claimsOf } from './claims.ts'
import type { CareTiming } from './copy-care.ts'
import { endBytesOf } from './ends.ts'
import { findObstacle, type Wanted } from './in-the-way.ts'
import { type BackupHeader, Journal, journalVersion, optionsOf } from './journal.ts'
import type { QemuLink } from './link.ts'
import { Detached, MachineLink } from './machine-link.ts'
import { obstacleOf } from './obstacles.ts'
import { readOffMachine } from './off-machine.ts'
import { OfflineLink } from './offline-link.ts'
import { inputToSee, type OpenedMachine, openMachine, planFor } from './opening.ts'
import type { BackupPlan } from './plan.ts'
import { inputFromMemory, inputOfOff, type Planning } from './planning.ts'
import { previewOf, previewUnseen } from './preview.ts'
import { reconcileBackups, resumeBackup } from './reconcile.ts'
import { tellFailure } from './report.ts'
import { resizedNote } from './resized.ts'
import { BackupRun } from './runner.ts'
import { usualWaiting, Waiting, type WaitingTiming } from './waiting.ts'

export interface BackupInput {
  /** Compare the finished point with the instant itself. */
  readonly prove?: boolean
  /** Null or left out: `automatic`. */
  readonly kind?: 'automatic' | 'full'
  readonly machineId: MachineId
  readonly destinationId: DestinationId | null
  readonly diskIds: readonly string[] | null
  readonly freeze?: boolean | null
  readonly requireFreeze?: boolean | null
  readonly mountpoints?: readonly string[] | null
}

export interface BackupStartInput extends BackupInput {
  readonly limit: number | null
  readonly check: boolean
  /** Wait for what may come by itself instead of failing: destination, machine, monitor, another job on a disk. */
  readonly whenPossible?: boolean
}

interface BackupOrder extends BackupStartInput, Wanted {
  readonly destinationId: DestinationId
}

export interface BackupService {
  /** What a backup would do, without doing it. Works for a machine that is off, from its images. */
  preview(input: BackupInput): Promise<BackupPreview>
  /** @throws FloeError when it is clear at once that the backup cannot be made; later failures are the job's */
  start(input: BackupStartInput): Promise<JobId>
  /** Takes up every backup that an earlier run of Floe did not see the end of. Resolves when all are on the board. */
  reconcile(): Promise<void>
  /** Lets go of running backups; QEMU goes on copying, and the next start finds them. */
  stop(): Promise<void>
}

export interface BackupDependencies {
  readonly machines: MachineService
  readonly repository: Repository
  readonly board: JobBoard
  readonly activity: ActivityLog
  readonly ports: Ports
  readonly settings: { get(): Settings }
  readonly journalDir: string
  readonly keeper: Pick<GuestKeeper, 'around'>
  /** Where scratch images go unless the settings name another folder. */
  readonly scratchDir: string
  /** For the sockets through which QEMU shows Floe an instant. */
  readonly runDir: string
  /** Sets the clock of a guest after the computer slept. @throws FloeError `agent/*` */
  readonly setGuestTime?: (machine: Machine) => Promise<void>
  readonly careTiming?: Partial<CareTiming>
  readonly waitingTiming?: Partial<WaitingTiming>
}

export function createBackupService(deps: BackupDependencies): BackupService {
  return new Backups(deps)
}

class Backups implements BackupService {
  readonly #deps: BackupDependencies
  readonly #atWork: BackupsAtWork
  readonly #starting = new Set<MachineId>()
  readonly #waiting: Waiting

  constructor(deps: BackupDependencies) {
    this.#deps = deps
    this.#atWork = new BackupsAtWork(deps)
    this.#waiting = new Waiting({
      board: deps.board,
      clock: deps.ports.clock,
      timing: { ...usualWaiting, ...deps.waitingTiming },
    })
  }

  async preview(input: BackupInput): Promise<BackupPreview> {
    const machine = this.#deps.machines.get(input.machineId)
    const destination = this.#destination(input)
    const planning = this.#planning(input, newId(this.#deps.ports) as JobId)
    const obstacle = await this.#obstacleNow({ ...input, destinationId: destination.id, running: false })
    const preview = { destination, obstacle: obstacle?.problem ?? null }
    if (machine.state.kind === 'off') {
      const off = await readOffMachine(machine, input.diskIds, this.#deps.ports)
      return previewOf({ ...preview, machine, plan: await inputOfOff(off, planning, this.#deps.ports) })
    }
    if (obstacle?.for === 'monitor' || obstacle?.for === 'machine') {
      return previewUnseen({ ...preview, machine, plan: await inputFromMemory(machine, planning) })
    }
    await using lease = await this.#deps.machines.acquire(machine.id)
    const held = this.#starting.has(machine.id) || holderOf(machine.id, this.#deps.board.active()) !== null
    return previewOf({ ...preview, machine: lease.machine, plan: await inputToSee(lease, planning, held) })
  }

  async start(input: BackupStartInput): Promise<JobId> {
    const { ports, settings } = this.#deps
    const machine = this.#deps.machines.get(input.machineId)
    const destination = this.#destination(input)
    const { whenPossible = false } = input
    this.#assertFree(machine, destination.id, whenPossible)
    const limit = input.limit ?? settings.get().defaultLimit
    const id = newId(ports) as JobId
    this.#starting.add(machine.id)
    try {
      const wanted = { ...input, destinationId: destination.id, running: false }
      const [order, waiting] = whenPossible ? await this.#firstLook(wanted) : [wanted, null]
      const later = waiting !== null || holderOf(machine.id, this.#deps.board.active()) !== null
      const plan = later ? null : await planFor(this.#deps, machine.id, destination.id, this.#planning(input, id))
      const job = newJob(ports, 'backup', {
        machineId: machine.id,
        machineName: machine.name,
        destinationId: destination.id,
        destinationName: destination.name,
        phases: firstPhases(phasesOf(plan, input)),
        ...planned(plan),
        limit,
        ...(waiting ? { state: waiting } : {}),
      })
      const cancelled = new AbortController()
      const controls = this.#atWork.controls(id, cancelled)
      this.#deps.board.enqueue({ ...job, id }, claimsOf(machine.id, destination.id), controls, () =>
        this.#runNew(id, { ...order, limit: this.#deps.board.get(id).limit }, cancelled),
      )
      if (waiting) this.#startLater(id, waiting, order)
    } finally {
      this.#starting.delete(machine.id)
    }
    return id
  }

  /** A machine that is off is waited for only when nothing else is; else its images are copied in the end. */
  async #firstLook(wanted: BackupOrder): Promise<[BackupOrder, WaitingState | null]> {
    const first = await findObstacle(this.#deps, wanted)
    if (first) return [wanted, first]
    const running = { ...wanted, running: true }
    return [running, await findObstacle(this.#deps, running)]
  }

  async reconcile(): Promise<void> {
    await reconcileBackups(this.#deps, (unfinished) => {
      const { header } = unfinished
      const job = newJob(this.#deps.ports, 'backup', {
        machineId: header.machineId,
        machineName: header.machineName,
        destinationId: header.destination.id,
        destinationName: header.destination.name,
        pointId: header.pointId,
        phases: firstPhases(optionsOf(header)),
        ...planned(header.plan),
        createdAt: header.createdAt,
        limit: header.limit,
        reattached: true,
        note: 'Floe was closed during this backup and found it again.',
      })
      const cancelled = new AbortController()
      const claims = claimsOf(header.machineId, header.destination.id)
      const id = header.jobId
      this.#deps.board.enqueue({ ...job, id }, claims, this.#atWork.controls(id, cancelled), async () => {
        const link = this.#oldLink(header)
        const card = this.#card(header)
        await this.#atWork.holding(link, async () => {
          const resumed = await resumeBackup(this.#deps, unfinished, link, card)
          const unwished = this.#deps.board.get(id).limit === header.limit
          if (unwished) this.#deps.board.update(id, { limit: resumed.run.limit })
          await this.#atWork.follow(resumed.run, card, resumed.first, cancelled.signal)
        })
      })
      // It runs inside QEMU already: nobody would look after it, nor after its guest, if it waited for its destination.
      this.#deps.board.startNow(id)
    })
  }

  async stop(): Promise<void> {
    this.#waiting.stop()
    await this.#atWork.stop()
  }

  async #runNew(id: JobId, input: BackupOrder, cancelled: AbortController) {
    const { machines, board, journalDir } = this.#deps
    let link: QemuLink | null = null
    try {
      const opened = await this.#open(id, input)
      const { machine, plan } = opened
      link = opened.link
      if (cancelled.signal.aborted) throw new FloeError('backup/cancelled', 'The backup was cancelled.')
      const header: BackupHeader = {
        version: journalVersion,
        jobId: id,
        pointId: opened.pointId,
        machineId: machine.id,
        machineName: machine.name,
        guest: machines.guestAccess(machine.id),
        destination: opened.destination,
        plan,
        check: input.check,
        prove: input.prove === true,
        reading: this.#placeOf(id),
        limit: input.limit,
        qemuVersion: opened.qemuVersion,
        startCommand: machine.startCommand,
        pid: opened.pid,
        hold: opened.hold,
        createdAt: board.get(id).createdAt,
      }
      const journal = await Journal.create(journalDir, header)
      const card = this.#card(header)
      const note = resizedNote(plan, this.#deps.repository.points(machine.id)) ?? board.get(id).note
      board.update(id, { pointId: header.pointId, ...planned(plan), note })
      const run = new BackupRun(this.#deps, card, { header, state: { state: 'idle' }, link, journal, partial: null })
      await this.#atWork.holding(link, () => this.#atWork.follow(run, card, { event: 'begin' }, cancelled.signal))
    } catch (error) {
      if (error instanceof Detached) return forever()
      if (error instanceof NotYet) throw error
      tellFailure(this.#deps, board.get(id), error)
    } finally {
      await link?.close()
    }
  }

  /** @throws NotYet when something is in the way once more, and it is to be waited for */
  async #open(id: JobId, order: BackupOrder): Promise<OpenedMachine> {
    const open = () => openMachine(this.#deps, order.machineId, order.destinationId, this.#planning(order, id))
    if (!order.whenPossible) return open()
    let obstacle = await findObstacle(this.#deps, order)
    if (obstacle === null) {
      try {
        return await open()
      } catch (error) {
        obstacle = obstacleOf(error)
        if (obstacle === null) throw error
      }
    }
    this.#startLater(id, obstacle, order)
    throw new NotYet(obstacle)
  }

  /** To what an earlier run of Floe began. */
  #oldLink({ machineId, plan, pid }: BackupHeader): QemuLink {
    const { machines, ports } = this.#deps
    if (plan.way === 'offline') return new OfflineLink(null, null)
    return new MachineLink(machines, { id: machineId, pid }, ports.logger, null)
  }

  #card(header: BackupHeader): BackupCard {
    const { board, ports } = this.#deps
    return new BackupCard(board, ports.clock, header)
  }

  #planning(input: BackupInput, jobId: JobId): Planning {
    const {
      diskIds,
      kind = 'automatic',
      prove = false,
      freeze = null,
      requireFreeze = null,
      mountpoints = null,
    } = input
    const destination = this.#destination(input)
    const wishes = { diskIds, prove, freeze, requireFreeze, mountpoints }
    return {
      jobId,
      pointId: newId(this.#deps.ports) as PointId,
      destinationId: destination.id,
      kind,
      place: this.#placeOf(jobId),
      parents: this.#deps.repository.parents(input.machineId, destination.id),
      wishes,
      settings: this.#deps.settings.get(),
      scratchDir: this.#deps.scratchDir,
      destinationPath: destination.path,
    }
  }

  #placeOf(jobId: JobId): SocketPlace {
    return socketPlace(jobId, { runDir: this.#deps.runDir, shortDir: '/tmp' })
  }

  #destination({ machineId, destinationId }: BackupInput): Destination {
    const { repository, settings } = this.#deps
    return chooseDestination(repository, settings.get(), machineId, destinationId)
  }

  /** @throws FloeError `backup/running-already`, `machine/has-jobs` */
  #assertFree(machine: Machine, destinationId: DestinationId, canQueue: boolean): void {
    assertFree(machine, destinationId, this.#deps.board.active(), canQueue)
    if (this.#starting.has(machine.id)) {
      throw new FloeError('backup/running-already', `${machine.name} is being backed up already.`, {
        params: { machine: machine.name },
        remedy: 'Wait for that backup to end, or cancel it.',
      })
    }
  }

  /** For people to see. What Floe itself does to the machine is nothing to wait for, and what will not pass is told at the start. */
  async #obstacleNow(wanted: Wanted): Promise<WaitingState | null> {
    const active = this.#deps.board.active().some((job) => job.machineId === wanted.machineId)
    return active ? null : findObstacle(this.#deps, wanted).catch(() => null)
  }

  /** Has the board start the job once nothing is in its way. */
  #startLater(id: JobId, first: WaitingState, wanted: Wanted): void {
    const { board } = this.#deps
    this.#waiting.watch({
      id,
      first,
      look: () => findObstacle(this.#deps, wanted),
      onFailed: (error) => tellFailure(this.#deps, board.get(id), error),
    })
  }
}

/** Of a backup that is not planned yet: what is wished of it. */
function phasesOf(plan: BackupPlan | null, { check, prove = false }: Pick<BackupStartInput, 'check' | 'prove'>) {
  const compares = plan?.disks.some((disk) => disk.basis === 'comparison') ?? false
  return { check: check || prove, compares, proves: prove }
}

/** What is to be copied and how, for the card. */
function planned(plan: BackupPlan | null): Pick<Job, 'way' | 'plan'> {
  if (plan === null) return { way: null, plan: null }
  return {
    way: { way: plan.way, reason: plan.wayReason },
    plan: { kind: plan.kind, basis: plan.basis, reason: plan.kindReason, endBytes: endBytesOf(plan.disks) },
  }
}
