// Steers one running copy, look by look: who wants it to wait, how fast it may be for the guest's sake, whether the
// destination or the scratch drive is full, whether it stands still. `watch.ts` sees and tells; what is done to the
// jobs between their start and their end is done here.
import type { Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { type FloeError, toProblem } from '../errors.ts'
import type { QmpSession } from '../qmp/types.ts'
import type { Pace } from '../repository/content-index/pace.ts'
import { type CareTiming, type CopyPause, careTiming } from './copy-care.ts'
import { DriveQuestions } from './drive-questions.ts'
import { allowedSpeed, type Governor, govern, ungoverned } from './governor.ts'
import {
  type DeviceNames,
  idleLatency,
  latencyBetween,
  readTotals,
  unknownLatency,
  type WriteLatency,
  type WriteTotals,
} from './guest-stats.ts'
import { unlessSlow } from './link.ts'
import { isWanted, notPaused, type PauseReasons, shownReason } from './pause-reasons.ts'
import { snapshotsOf } from './plan.ts'
import { destinationFull } from './problems.ts'
import { type CopyReport, limitCopies, ourCopies, pauseCopies, resumeCopies } from './qemu-copy.ts'
import { type RunContext, targetPaths } from './run-context.ts'
import { lookAtScratch, scratchFull, scratchTrouble } from './scratch-watch.ts'
import { decideSpace, neededBytes, neverTried, roomAt, type SpacePause, wouldHitGuest } from './space-pause.ts'
import { StallWatch } from './stall.ts'

interface Reading {
  readonly at: number
  readonly totals: WriteTotals | null
  readonly offset: number
}

/** How long destination and machine may take to answer after sleep, in milliseconds. */
const answerWithinMs = 5_000
const scratchLookMs = 1_000

const sumOfOffsets = (copies: readonly CopyReport[]): number => copies.reduce((sum, copy) => sum + copy.offset, 0)

export class CopyControl {
  readonly #run: RunContext
  readonly #timing: CareTiming
  readonly #stall: StallWatch
  readonly #names: DeviceNames
  readonly #drive = new DriveQuestions<Stats>()
  #wanted: PauseReasons
  #isPaused = false
  #space: SpacePause = neverTried
  #hitsGuest: boolean | null = null
  #governor: Governor = ungoverned
  #first: WriteTotals | null = null
  #idle: WriteLatency = unknownLatency
  #last: Reading | null = null
  #stallTimer: NodeJS.Timeout | null = null

  constructor(run: RunContext) {
    this.#run = run
    this.#timing = { ...careTiming, ...run.deps.careTiming }
    this.#stall = new StallWatch(this.#timing.stallAfter)
    this.#wanted = run.notes.pause
    this.#idle = run.notes.idle ?? unknownLatency
    const { disks } = run.header.plan
    const nodes = disks.flatMap((disk) => [disk.sourceNode, disk.filterNode, disk.snapshot?.filterNode ?? []].flat())
    this.#names = { nodes: new Set(nodes), devices: new Set(disks.flatMap((disk) => disk.snapshot?.device ?? [])) }
  }

  /** Bytes per second for all disks; null for no limit. Never above the person's. */
  get allowed(): number | null {
    return allowedSpeed(this.#governor, this.#run.limit)
  }

  /** Was it the host's sleep that paused it, and has it not gone on since? */
  get isAsleep(): boolean {
    return this.#wanted.asleep
  }

  /** First reading of the guest's latency: before anything of the backup is in QEMU. */
  async meetGuest(session: QmpSession): Promise<void> {
    this.#first = await this.#readTotals(session)
  }

  /** Second reading, right before the instant: the difference is what the guest is used to. */
  async learnIdle(session: QmpSession): Promise<void> {
    this.#idle = idleLatency(this.#first, await this.#readTotals(session))
    await this.#run.note({ idle: this.#idle })
  }

  /** Watches the clock until `end`, also while QEMU is silent. */
  begin(): void {
    this.#stallTimer = setInterval(() => this.#lookForStall(null), this.#timing.stallLook)
    this.#stallTimer.unref()
  }

  end(): void {
    if (this.#stallTimer) clearInterval(this.#stallTimer)
    this.#stallTimer = null
  }

  /** One look at the jobs that still run. `trouble` ends the backup. */
  async look(
    session: QmpSession,
    copies: readonly CopyReport[],
  ): Promise<{ readonly pause: CopyPause | null; readonly trouble: FloeError | null }> {
    const full = copies.some((copy) => copy.paused && copy['io-status'] === 'nospace')
    const trouble = (await this.#lookAtScratch()) ?? (full ? await this.#whyNotWait() : null)
    if (trouble) return { pause: null, trouble }
    const pause = full ? await this.#waitForSpace(session) : this.#pauseOf(copies)
    this.#isPaused = pause !== null
    this.#lookForStall(sumOfOffsets(copies))
    if (pause === null) {
      const limit = () => limitCopies(session, this.#run.header.plan, this.allowed)
      await this.#lookAtGuest(session, sumOfOffsets(copies), limit)
    } else this.#last = null
    return { pause, trouble: null }
  }

  /** The person wants it to wait. */
  async pause(): Promise<void> {
    const { link, header } = this.#run
    this.#wanted = { ...this.#wanted, user: true }
    await link.use((session) => pauseCopies(session, header.plan))
    await this.#noteWanted()
  }

  /** The person wants it to go on, whatever held it. */
  async resume(): Promise<void> {
    this.#wanted = notPaused
    this.#space = neverTried
    await this.#noteWanted()
    await this.#run.link.use((session) => resumeCopies(session, this.#run.header.plan))
  }

  /** The computer goes to sleep. */
  async fallAsleep(): Promise<void> {
    const { link, header } = this.#run
    await link.use(async (session) => {
      const copies = await ourCopies(session, header.plan)
      const byHand = !this.#wanted.asleep && this.#pauseOf(copies)?.reason === 'user'
      this.#wanted = { user: this.#wanted.user || byHand, asleep: true }
      await pauseCopies(session, header.plan)
    })
    await this.#noteWanted()
  }

  /** It is awake, and destination and machine are back. */
  async wakeUp(): Promise<void> {
    if (!this.#wanted.asleep) return
    const awake = { ...this.#wanted, asleep: false }
    if (!isWanted(awake)) await this.#run.link.use((session) => resumeCopies(session, this.#run.header.plan))
    this.#wanted = awake
    await this.#noteWanted()
  }

  /** Are the images and the machine there again? Rejects when they do not answer in time, or are gone. */
  async answers(): Promise<boolean> {
    const { link } = this.#run
    const late = wait(answerWithinMs, null, { ref: false }).then(() => Promise.reject(new Error('No answer in time.')))
    late.catch(() => {})
    const files = targetPaths(this.#run).map((path) => this.#drive.ask(path, answerWithinMs, () => stat(path)))
    if ((await Promise.all(files)).includes(null)) throw new Error('The destination does not answer in time.')
    const asked = link.use((session) => session.execute('query-jobs', {}, { timeoutMs: answerWithinMs }))
    await Promise.race([asked, late])
    return true
  }

  async applyLimit(): Promise<void> {
    const { link, header } = this.#run
    await link.use((session) => limitCopies(session, header.plan, this.allowed))
  }

  /** The scratch room as the reason for a lost instant; null when it is not. */
  async scratchTrouble(): Promise<FloeError | null> {
    return this.#lookAtScratch()
  }

  /** While nobody looks at jobs: what the guest's old data takes up. Ends with `signal`, or with trouble. */
  async guardScratch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const trouble = await this.#lookAtScratch()
      if (signal.aborted) return
      if (trouble) return this.#run.post({ event: 'trouble', problem: toProblem(trouble) })
      await wait(scratchLookMs, undefined, { signal, ref: false }).catch(() => {})
    }
  }

  /** While the instant itself is read: no faster than a copy might be. `done`: bytes so far. Ends with `signal`. */
  async paceReading(pace: Pace, done: () => number, signal: AbortSignal): Promise<void> {
    const { link, header } = this.#run
    this.#last = null
    while (!signal.aborted) {
      pace.limit(this.allowed)
      // Areas of which nothing is to be read, and the next disk, say nothing about how fast it goes.
      const last = this.#last as Reading | null
      if (last !== null && done() <= last.offset) this.#last = null
      const look = (session: QmpSession) =>
        this.#lookAtGuest(session, done(), () =>
          signal.aborted ? limitCopies(session, header.plan, this.allowed) : pace.limit(this.allowed),
        )
      await link.use(look).catch(unlessSlow)
      await wait(this.#timing.stallLook, undefined, { signal, ref: false }).catch(() => {})
    }
    this.#last = null
  }

  #noteWanted(): Promise<void> {
    return this.#run.note({ pause: this.#wanted })
  }

  #pauseOf(copies: readonly CopyReport[]): CopyPause | null {
    const running = copies.filter((copy) => copy.status !== 'concluded')
    const paused = running.length > 0 && running.every((copy) => copy.status === 'paused')
    if (!paused) return null
    return this.#heldBack()
  }

  #heldBack(): CopyPause {
    return { reason: shownReason(this.#wanted), neededBytes: null, freeBytes: null }
  }

  async #lookAtScratch(): Promise<FloeError | null> {
    const { header, place, view } = this.#run
    const { scratch } = header.plan
    if (scratch === null) return null
    const look = await lookAtScratch(
      scratch,
      snapshotsOf(header.plan).map((snapshot) => snapshot.scratchPath),
    )
    view.onCare({ scratch: look.use })
    return scratchTrouble(look) === null ? null : scratchFull(place, scratch.folder, look)
  }

  /** A full file system may hit the guest itself: then the backup ends, and its unfinished copy makes room. */
  async #whyNotWait(): Promise<FloeError | null> {
    const { header, place, view, deps } = this.#run
    const { plan } = header
    if (this.#hitsGuest === null) {
      const machine = deps.machines.list().find(({ id }) => id === header.machineId)
      // A disk that is left out of the backup is written to all the same.
      const others = machine?.disks.flatMap((disk) => (disk.readOnly ? [] : (disk.imagePath ?? []))) ?? []
      const copied = plan.disks.flatMap((disk) => [disk.sourcePath ?? [], disk.snapshot?.scratchPath ?? []].flat())
      const own = [...new Set([...copied, ...others])]
      const shared = await Promise.all(targetPaths(this.#run).map((target) => wouldHitGuest(target, own)))
      this.#hitsGuest = plan.way !== 'offline' && shared.includes(true)
    }
    return plan.guestSafe && !this.#hitsGuest ? null : destinationFull(place, view.done())
  }

  async #waitForSpace(session: QmpSession): Promise<CopyPause> {
    const { header, partial, view } = this.#run
    const needed = neededBytes(view.done())
    const free = partial === null ? null : ((await roomAt(partial.folder))?.freeBytes ?? null)
    const held = isWanted(this.#wanted)
    const { resume, next } = decideSpace(this.#space, { full: true, held, needed, free })
    this.#space = next
    if (resume) await resumeCopies(session, header.plan)
    // There is room again, and it is the person or the sleep that holds it.
    if (held && free !== null && free > needed) return this.#heldBack()
    return { reason: 'no-space', neededBytes: needed, freeBytes: free }
  }

  /** `moved`: null when nobody could look. */
  #lookForStall(moved: number | null): void {
    const { deps, view } = this.#run
    const forMs = this.#stall.look(deps.ports.clock.monotonic(), moved, this.#isPaused)
    const since = forMs === null ? null : new Date(deps.ports.clock.now().getTime() - forMs)
    view.onCare({ stalledSince: since?.toISOString() ?? null })
  }

  /** `done`: bytes so far, whatever they are counted from. */
  async #lookAtGuest(session: QmpSession, done: number, carryOut: () => void | Promise<void>): Promise<void> {
    const { deps, limit, view, header } = this.#run
    const at = deps.ports.clock.monotonic()
    if (header.plan.way === 'offline' || (this.#last && at - this.#last.at < this.#timing.governEvery)) return
    const before = this.#last
    const now = { at, totals: await this.#readTotals(session), offset: done }
    this.#last = now
    if (before === null) return
    const withinMs = at - before.at
    const latency =
      before.totals && now.totals ? latencyBetween(before.totals, now.totals, { withinMs }) : unknownLatency
    const bytesPerSecond = (Math.max(0, now.offset - before.offset) * 1000) / Math.max(1, withinMs)
    const allowed = this.allowed
    this.#governor = deps.settings.get().guestFirst
      ? govern(this.#governor, { latency, idle: this.#idle, bytesPerSecond, limit })
      : ungoverned
    if (this.allowed !== allowed) {
      const to = this.allowed
      deps.ports.logger.info('A copy is steered by what its guest feels', { job: header.jobId, latency, to })
      await carryOut()
    }
    const slowed = this.#governor.speed !== null
    view.onCare({ impact: { writeMs: latency.writeMs, idleMs: this.#idle.writeMs, slowed } })
  }

  async #readTotals(session: QmpSession): Promise<WriteTotals | null> {
    return this.#run.header.plan.way === 'offline' ? null : readTotals(session, this.#names)
  }
}
