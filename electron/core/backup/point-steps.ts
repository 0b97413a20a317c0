// The steps of a backup on the destination, after QEMU has let go: record the point or remove its remains, read it back.
import { rm, stat } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import type { Point } from '../../../shared/domain/point.ts'
import { FloeError, toProblem } from '../errors.ts'
import { removeScratchFiles } from '../instant/remove.ts'
import type { PartialPoint, PointFacts } from '../repository/types.ts'
import { snapshotsOf } from './plan.ts'
import { builtOnDamage, checkFailed, destinationRemoved, notProven, notRecorded, proofFailed } from './problems.ts'
import { type RunContext, targetPaths } from './run-context.ts'
import type { BackupInstant } from './state.ts'
import { removeOldBitmaps } from './track.ts'
import { faultOf } from './whole-image.ts'

const inUsePollMs = 500

export class PointSteps {
  readonly #run: RunContext
  readonly #check = new AbortController()

  constructor(run: RunContext) {
    this.#run = run
  }

  async record(instant: BackupInstant): Promise<void> {
    const run = this.#run
    const { header, deps } = run
    await run.link.close()
    if (this.recordedPoint() === null) await this.#record(instant)
    const damaged = await this.#knownDamage().catch((error: unknown) => {
      const point = this.recordedPoint()
      if (point === null) throw error
      deps.ports.logger.warn('What is known against a new restore point could not be asked', { error: String(error) })
      return this.#heldAgainst(point)
    })
    await removeOldBitmaps(deps.machines, header.machineId, header, deps.ports.logger)
    run.post(damaged === null ? { event: 'recorded' } : { event: 'recorded', damaged: toProblem(damaged) })
  }

  async #record(instant: BackupInstant): Promise<void> {
    const { header, partial, place, deps } = this.#run
    if (!partial) throw notRecorded(place, new Error('The folder with the copied disks is not there.'))
    try {
      await deps.repository.record(partial, {
        createdAt: instant.at,
        consistency: instant.consistency,
        consistencyReason: instant.reason,
        qemuVersion: header.qemuVersion,
        startCommand: header.startCommand,
        way: header.plan.way,
        freeze: instant.freeze,
        pausedMs: instant.pausedMs,
        kindReason: header.plan.kindReason,
        disks: await this.#copiedDisks(),
      })
    } catch (error) {
      if (!this.recordedPoint()) throw await this.#whyNotRecorded(partial, error)
      deps.ports.logger.warn('Recording complained, yet the restore point is there', { error: String(error) })
    }
  }

  async discard(): Promise<void> {
    const { link, partial, deps, post, header } = this.#run
    await link.close()
    // After an orderly end they are gone already; a QEMU that has ended needs them no more.
    const stay = await removeScratchFiles(snapshotsOf(header.plan))
    if (stay.length > 0) deps.ports.logger.warn('Scratch files could not be removed', { stay })
    await rm(header.reading.socketFolder, { recursive: true, force: true })
    if (partial) await deps.repository.discard(partial)
    else await this.#assertNothingLeft()
    post({ event: 'discarded' })
  }

  /** Reads the point back: that makes its content index. */
  async check(): Promise<void> {
    const run = this.#run
    const { repository } = run.deps
    const { pointId, jobId } = run.header
    try {
      repository.markChecking(pointId, jobId)
      const tell = (doneBytes: number, totalBytes: number) => run.view.onChecked(doneBytes, totalBytes)
      await this.#whenFree(async () => {
        if (run.header.prove) await this.#prove(tell)
        else run.point = await repository.computeIndex(pointId, tell, this.#check.signal)
      })
    } catch (error) {
      if (error instanceof FloeError && error.code === 'backup/proof-failed') throw error
      if (!this.#check.signal.aborted) throw checkFailed(run.place, error)
      const damaged = await this.#knownDamage()
      if (damaged !== null) throw damaged
      return run.post({ event: 'check-skipped' })
    } finally {
      repository.markChecking(pointId, null)
    }
    run.post({ event: 'checked' })
  }

  /** A deletion that moves data into a point below holds that point for a while. */
  async #whenFree(work: () => Promise<void>): Promise<void> {
    const { signal } = this.#check
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof FloeError) || error.code !== 'point/in-use' || signal.aborted) throw error
        await wait(inUsePollMs, undefined, { signal }).catch(() => {})
      }
    }
  }

  /** The whole point is read back and compared with what the instant held. @throws FloeError `backup/proof-failed` */
  async #prove(tell: (doneBytes: number, totalBytes: number) => void): Promise<void> {
    const { header, deps, place } = this.#run
    const verdict = await deps.repository.prove(header.pointId, tell, this.#check.signal)
    this.#run.point = this.recordedPoint()
    if (verdict === null) {
      this.#run.point = await deps.repository.computeIndex(header.pointId, tell, this.#check.signal)
      throw notProven(place)
    }
    if (!verdict.ok) throw proofFailed(place, verdict.damage)
  }

  /** Null when no check has said anything against the point. */
  async #knownDamage(): Promise<FloeError | null> {
    const run = this.#run
    return this.#heldAgainst(await run.deps.repository.judge(run.header.pointId))
  }

  #heldAgainst(point: Point): FloeError | null {
    this.#run.point = point
    const verdict = point.verification
    return verdict?.ok === false ? builtOnDamage(this.#run.place, verdict.damage) : null
  }

  skipCheck(): void {
    this.#check.abort()
  }

  recordedPoint(): Point | null {
    const { deps, header } = this.#run
    return deps.repository.points(header.machineId).find((point) => point.id === header.pointId) ?? null
  }

  /** A folder that was not found is gone only when its destination could be looked at. @throws FloeError `destination/*` */
  async #assertNothingLeft(): Promise<void> {
    const { deps, header } = this.#run
    const obstacle = await deps.repository.obstacle(header.destination.id)
    if (obstacle && obstacle.code !== 'destination/full') throw obstacle
  }

  async #copiedDisks(): Promise<PointFacts['disks']> {
    const { header, deps, images, notes } = this.#run
    const disks: PointFacts['disks'][number][] = []
    for (const [index, disk] of header.plan.disks.entries()) {
      const path = targetPaths(this.#run)[index] as string
      const known = { virtualSize: disk.virtualSize, identity: images.get(path) ?? null, parent: disk.parentId }
      const fault = await faultOf(path, known, deps.ports.env)
      if (fault) throw new Error(`The copy of ${disk.id} is not whole: ${fault}.`)
      const { id, virtualSize, sourcePath, sourceFormat, firmware } = disk
      const bytesCopied = (await stat(path)).blocks * 512
      const { basis, basisReason, parentId, witness } = disk
      const bitmap = notes.untracked.includes(id) ? null : disk.bitmap
      const source = { sourcePath, sourceFormat, firmware }
      disks.push({ id, virtualSize, bytesCopied, ...source, basis, basisReason, parentId, bitmap, witness })
    }
    return disks
  }

  async #whyNotRecorded(partial: PartialPoint, error: unknown): Promise<FloeError> {
    const gone = await stat(partial.folder).then(
      () => null,
      (reason: unknown) => reason,
    )
    return gone === null
      ? notRecorded(this.#run.place, error)
      : destinationRemoved(this.#run.place, partial.folder, gone)
  }
}
