// Reads what the disks hold at a backup's instant, through QEMU's NBD server: to find what differs from a parent point,
// and to prove the finished point with it. Nothing here writes to the guest's disks.
import { mkdir, rm } from 'node:fs/promises'
import { compareInstant, readInstant } from '../comparison/compare.ts'
import type { Extents } from '../extents/extents.ts'
import type { Command } from '../instant/commands.ts'
import { addExports, exportCommands, type KnownServer, startServer, stopServing } from '../nbd-server/serving.ts'
import { QmpExecuteError } from '../qmp/errors.ts'
import type { QmpSession } from '../qmp/types.ts'
import { Pace } from '../repository/content-index/pace.ts'
import { type MarkedDisk, markExtents, readMarks, removeMarks } from '../tracking/marking.ts'
import { marksNodeName, readingExportId } from './naming.ts'
import type { BackupPlan, PlannedDisk } from './plan.ts'
import { type MarkedNode, readNode } from './qemu-copy.ts'
import type { RunContext } from './run-context.ts'

/** Does a backup read its own instant? */
export const readsInstant = (plan: BackupPlan, proves: boolean): boolean =>
  proves || plan.disks.some((disk) => disk.basis === 'comparison')

export class InstantReading {
  readonly #run: RunContext
  readonly #server: KnownServer = { runs: false }
  #abort = new AbortController()
  /** How fast the instant is read, and how far: both are the control's to see. */
  readonly pace = new Pace()
  #doneBytes = 0

  constructor(run: RunContext) {
    this.#run = run
  }

  /** Before the guest is touched: somebody else's server is the likeliest reason why it cannot be. @throws FloeError `export/*` */
  async prepare(session: QmpSession): Promise<void> {
    const { reading, machineName } = this.#run.header
    await mkdir(reading.socketFolder, { recursive: true, mode: 0o700 })
    await startServer(session, { machineName, socketPath: reading.socketPath }, this.#server)
  }

  /** Serves the instant; carried out within it. */
  get commands(): readonly Command[] {
    return exportCommands(this.#served())
  }

  async serve(session: QmpSession): Promise<void> {
    await addExports(session, this.#served())
  }

  /** Reads each disk that is to be compared and marks what differs. Answers where. @throws FloeError */
  async compare(): Promise<ReadonlyMap<PlannedDisk, MarkedNode>> {
    const { header, deps, partial, link } = this.#run
    const { repository } = deps
    const found = new Map<PlannedDisk, MarkedNode>()
    const compared = header.plan.disks.filter((disk) => disk.basis === 'comparison')
    await this.#reading(compared, async (disk, tell, signal) => {
      const parent = await repository.contentIndex(disk.parentId as NonNullable<PlannedDisk['parentId']>, disk.id)
      const { differing, index } = await compareInstant(deps.ports, this.#place(disk), parent, tell, signal)
      if (header.prove && partial) await repository.keepInstant(partial, disk.id, index)
      const marks = this.#marks(disk)
      await link.use((session) => markExtents(session, marks, differing, header.reading.socketPath))
      found.set(disk, marks.bitmap)
    })
    return found
  }

  /** Reads every disk that was not read whole before, and keeps what it holds. @throws FloeError */
  async keep(): Promise<void> {
    const { header, deps, partial } = this.#run
    if (!partial) return
    const unread = header.plan.disks.filter((disk) => disk.basis !== 'comparison')
    await this.#reading(unread, async (disk, tell, signal) => {
      const index = await readInstant(deps.ports, this.#place(disk), tell, signal)
      await deps.repository.keepInstant(partial, disk.id, index)
    })
  }

  /** What was read, in bytes. */
  get doneBytes(): number {
    return this.#doneBytes
  }

  /** Whoever reads gives up. */
  end(): void {
    this.#abort.abort()
  }

  /** Nothing of it is left in QEMU; also after a restart of Floe. Repeatable. */
  async remove(session: QmpSession): Promise<void> {
    const { header } = this.#run
    if (!readsInstant(header.plan, header.prove)) return
    const { machineName, reading, plan } = header
    const disks = this.#served().map(({ exportId }) => ({ exportId }))
    await removeMarks(
      session,
      plan.disks.map((disk) => this.#marks(disk)),
    )
    const stopped = await stopServing(session, { machineName, socketPath: reading.socketPath, disks }, this.#server)
    // Somebody else uses the server, and its socket with it.
    if (stopped) await this.forget()
  }

  /** QEMU has nothing of it any more. */
  async forget(): Promise<void> {
    await rm(this.#run.header.reading.socketFolder, { recursive: true, force: true })
  }

  /** One disk after the other. */
  async #reading(
    disks: readonly PlannedDisk[],
    readDisk: (disk: PlannedDisk, tell: (done: number, total: number) => void, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    this.#abort = new AbortController()
    const { signal } = this.#abort
    const { view } = this.#run
    const whole = disks.reduce((sum, disk) => sum + disk.virtualSize, 0)
    let before = 0
    let read = 0
    this.#doneBytes = 0
    for (const disk of disks) {
      // What of a disk has to be read is known only once it is read: until then all of it counts.
      const tell = (done: number, total: number) => {
        this.#doneBytes = read + done
        view.onChecked(before + done, whole - disk.virtualSize + total)
      }
      await readDisk(disk, tell, signal)
      before += disk.virtualSize
      read = this.#doneBytes
      signal.throwIfAborted()
    }
  }

  #place(disk: PlannedDisk) {
    const { reading, machineName } = this.#run.header
    const changedSince = () => this.#changedSince(disk)
    return { socketPath: reading.socketPath, exportName: disk.id, machineName, changedSince, pace: this.pace }
  }

  /** What the guest wrote since the instant: the bitmap that began with it tells. Null when there is none. */
  async #changedSince(disk: PlannedDisk): Promise<Extents | null> {
    const { header, notes, link } = this.#run
    if (header.plan.way === 'offline') return []
    const { newBitmap, sourceNode } = disk
    if (newBitmap === null || notes.untracked.includes(disk.id)) return null
    const from = { node: sourceNode, name: newBitmap.name }
    try {
      return await link.use((session) => readMarks(session, from, this.#marks(disk), header.reading.socketPath))
    } catch (error) {
      if (error instanceof QmpExecuteError) return null
      throw error
    }
  }

  #marks(disk: PlannedDisk): MarkedDisk {
    const { jobId, plan } = this.#run.header
    const node = marksNodeName(jobId, plan.disks.indexOf(disk))
    return { size: disk.virtualSize, bitmap: { node, name: 'floe-differs' } }
  }

  #served() {
    const { jobId, plan } = this.#run.header
    return plan.disks.map((disk, index) => ({
      exportId: readingExportId(jobId, index),
      node: readNode(disk),
      name: disk.id,
    }))
  }
}
