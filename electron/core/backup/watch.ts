// Follows the copies of one backup until told to stop: polls QEMU (it has no progress event), looks at the files on the
// destination, and listens for what hurts the guest. Everything it finds becomes an event; it changes nothing itself, and
// hands each look to `copy-control.ts`, which may.

import { stat } from 'node:fs/promises'
import { type FloeError, toProblem } from '../errors.ts'
import type { Clock } from '../ports/index.ts'
import type { QmpEvent, QmpEventListener, QmpSession } from '../qmp/types.ts'
import type { CopyPause } from './copy-care.ts'
import type { CopyControl } from './copy-control.ts'
import { DriveQuestions } from './drive-questions.ts'
import type { BackupEvent } from './events.ts'
import type { Cause, GuestError } from './guest-stop.ts'
import { type QemuLink, unlessSlow } from './link.ts'
import { Detached, MachineEnded } from './machine-link.ts'
import type { BackupPlan, PlannedDisk } from './plan.ts'
import {
  type BackupPlace,
  type Done,
  destinationFull,
  destinationRemoved,
  diskUnplugged,
  guestWriteFailed,
  interrupted,
  machineGone,
  readError,
  writeError,
} from './problems.ts'
import type { CopySample } from './progress.ts'
import { ourCopies, ourJobs, ourTargets, runState } from './qemu-copy.ts'
import { saysSnapshotLost, snapshotLost } from './scratch-watch.ts'

export const watchedEvents = [
  'BLOCK_JOB_COMPLETED',
  'BLOCK_JOB_CANCELLED',
  'BLOCK_JOB_ERROR',
  'BLOCK_IO_ERROR',
  'STOP',
  'SHUTDOWN',
  'DEVICE_DELETED',
] as const

const lookEveryMs = 400
const fileAnswerMs = 1_000
/** A cancelled job is explained by what comes right after it: the end of QEMU, or a disk that was unplugged. */
const explanationMs = 800

export interface WatchInput {
  readonly link: QemuLink
  readonly control: Pick<CopyControl, 'look' | 'isAsleep' | 'scratchTrouble'>
  readonly plan: BackupPlan
  readonly place: BackupPlace
  /** Absolute paths of the targets, by the plan's disks. */
  readonly targets: readonly string[]
  readonly clock: Clock
  /** Made before the transaction, so that no event is lost; null after a restart. */
  readonly listener: QmpEventListener | null
  /** False when the guest had stopped over a failed write before the backup. */
  readonly rescueGuest: boolean
  readonly onGuestError: (error: GuestError) => void
  /** Whose fault a failed write of the guest is. */
  readonly causeOfStop: () => Promise<Cause>
  readonly signal: AbortSignal
  readonly onEvent: (event: BackupEvent) => void
  readonly onSample: (sample: CopySample & { readonly pause: CopyPause | null }) => void
  readonly done: () => Done
}

export async function watchCopies(input: WatchInput): Promise<void> {
  const watch = new Watch(input)
  try {
    await watch.run()
  } catch (error) {
    if (error instanceof Detached || input.signal.aborted) return
    if (error instanceof MachineEnded) watch.tellGone(error)
    else input.onEvent({ event: 'trouble', problem: toProblem(error) })
  }
}

class Watch {
  readonly #in: WatchInput
  readonly #finished: boolean[]
  /** What the events said about a job: its error text, or null for a good end. */
  readonly #verdicts = new Map<string, string | null>()
  readonly #failedReading = new Set<string>()
  readonly #files = new DriveQuestions<number>()
  #unplugged = false
  #leaving = false
  #reason: string | null = null

  constructor(input: WatchInput) {
    this.#in = input
    this.#finished = input.plan.disks.map(() => false)
  }

  async run(): Promise<void> {
    const { link, signal } = this.#in
    let { listener } = this.#in
    while (!signal.aborted) {
      const session = await link.session()
      listener ??= session.listen(watchedEvents)
      try {
        await this.#follow(session, listener)
      } finally {
        listener.close()
        listener = null
      }
    }
  }

  tellGone(cause: unknown): void {
    const { place, clock, done, onEvent } = this.#in
    onEvent({ event: 'machine-gone', problem: toProblem(machineGone(place, clock.now(), done(), cause)) })
  }

  /** Until the connection ends. Whoever comes back to a stopped guest finds it by the first look. */
  async #follow(session: QmpSession, listener: QmpEventListener): Promise<void> {
    const { signal } = this.#in
    const ended = new AbortController()
    void session.closed.then(() => ended.abort())
    try {
      await this.#checkGuest(session).catch(unlessSlow)
      while (!signal.aborted && !ended.signal.aborted) {
        await this.#look(session, listener).catch(unlessSlow)
        const event = await nextWithin(listener, lookEveryMs, signal)
        if (event) await this.#note(event, session).catch(unlessSlow)
      }
    } catch (error) {
      if (!ended.signal.aborted) throw error
    }
    if (!signal.aborted) await session.closed
  }

  async #note({ event, data }: QmpEvent, session: QmpSession): Promise<void> {
    const device = String(data.device ?? '')
    switch (event) {
      case 'BLOCK_JOB_COMPLETED':
        this.#verdicts.set(device, typeof data.error === 'string' ? data.error : null)
        return
      case 'BLOCK_JOB_CANCELLED':
        this.#verdicts.set(device, 'Operation canceled')
        return
      case 'BLOCK_JOB_ERROR':
        if (data.operation === 'read') this.#failedReading.add(device)
        return
      case 'BLOCK_IO_ERROR':
        if (data.action === 'ignore') return
        this.#reason = typeof data.reason === 'string' ? data.reason : null
        this.#in.onGuestError({
          operation: data.operation === 'read' ? 'read' : 'write',
          node: String(data['node-name'] ?? ''),
          noSpace: data.nospace === true,
          reason: this.#reason,
        })
        // With `stop` the guest waits and loses nothing; with `report` it has just been told of a failed write.
        if (data.action === 'report') await this.#guestHurt()
        return
      case 'STOP':
        await this.#checkGuest(session)
        return
      case 'SHUTDOWN':
        this.#leaving = true
        return
      case 'DEVICE_DELETED':
        this.#unplugged = true
    }
  }

  async #checkGuest(session: QmpSession): Promise<void> {
    if (this.#in.rescueGuest && (await runState(session)) === 'io-error') await this.#guestHurt()
  }

  /** The guest could not write: over the destination, which ends the copy, or over a disk of its own, which does not. */
  async #guestHurt(): Promise<void> {
    const { place, done, causeOfStop } = this.#in
    const cause = await causeOfStop()
    if (cause === 'own-disk') return
    this.#trouble(cause === 'destination-full' ? destinationFull(place, done()) : guestWriteFailed(place, this.#reason))
  }

  async #look(session: QmpSession, listener: QmpEventListener): Promise<void> {
    const { plan, signal, control } = this.#in
    const copies = new Map((await ourCopies(session, plan)).map((copy) => [copy.device, copy]))
    const files = await this.#lookAtFiles()
    // Of an incremental, QEMU itself counts the bytes that are to be copied and no others.
    const counted = plan.disks.map((disk) => (disk.basis === 'all' ? undefined : copies.get(disk.jobName)))
    const allocatedBytes = files.map((bytes, index) => (counted[index] ? counted[index].offset : bytes))
    const totalBytes = counted.map((copy) => copy?.len ?? null)
    for (const [index, disk] of plan.disks.entries()) {
      if (signal.aborted) return
      const copy = copies.get(disk.jobName)
      if (!copy) await this.#missing(session, disk)
      else if (copy.status === 'concluded') await this.#conclude(index, disk, session, listener)
      else if (copy.paused && copy['io-status'] === 'failed') this.#trouble(this.#stoppedByError(disk))
    }
    if (signal.aborted) return
    const running = plan.disks.flatMap((disk, index) => (this.#finished[index] ? [] : (copies.get(disk.jobName) ?? [])))
    const { pause, trouble } = await control.look(session, running)
    if (trouble) this.#trouble(trouble)
    this.#in.onSample({ allocatedBytes, totalBytes, finished: [...this.#finished], pause })
  }

  /** A destination that hangs keeps nobody from looking after the guest and the scratch drive. */
  async #lookAtFiles(): Promise<(number | null)[]> {
    return Promise.all(
      this.#in.targets.map(async (path) => {
        try {
          return await this.#files.ask(path, fileAnswerMs, async () => (await stat(path)).blocks * 512)
        } catch (error) {
          // A drive is not back at once after the computer slept, and nothing is written to it until then.
          if (!this.#in.control.isAsleep) this.#trouble(destinationRemoved(this.#in.place, path, error))
          return null
        }
      }),
    )
  }

  #stoppedByError(disk: PlannedDisk): FloeError {
    const { place } = this.#in
    if (this.#failedReading.has(disk.jobName)) return readError(place, disk.id, null)
    return writeError(place, disk.id, null)
  }

  /** A copy that QEMU does not know any more: it is another QEMU by now, or somebody dismissed the job. */
  async #missing(session: QmpSession, disk: PlannedDisk): Promise<void> {
    const { link, plan, place } = this.#in
    if ((await ourJobs(session, plan)).some((job) => job.id === disk.jobName)) return
    const isAnother = link.breaks > 0 && (await ourTargets(session, plan)).length === 0
    if (isAnother) throw new MachineEnded('The machine was started anew.')
    this.#trouble(interrupted(place, `QEMU does not know the copy of ${disk.id} any more.`))
  }

  /** A disk is good when neither the event nor the job itself has an error. */
  async #conclude(index: number, disk: PlannedDisk, session: QmpSession, listener: QmpEventListener): Promise<void> {
    if (this.#finished[index]) return
    const job = (await ourJobs(session, this.#in.plan)).find((candidate) => candidate.id === disk.jobName)
    if (job?.status !== 'concluded') return
    await this.#noteAll(session, listener)
    const error = job.error ?? this.#verdicts.get(disk.jobName) ?? null
    if (error === null) this.#finished[index] = true
    const problem = error === null ? null : toProblem(await this.#explain(disk, error, session, listener))
    this.#in.onEvent({ event: 'concluded', disk: index, problem })
  }

  /** Whatever QEMU told before the job's end, its verdict among it. */
  async #noteAll(session: QmpSession, listener: QmpEventListener): Promise<void> {
    for (let event = await nextWithin(listener, 0, this.#in.signal); event !== null; ) {
      await this.#note(event, session)
      event = await nextWithin(listener, 0, this.#in.signal)
    }
  }

  async #explain(disk: PlannedDisk, text: string, session: QmpSession, listener: QmpEventListener): Promise<FloeError> {
    const { place, clock, done } = this.#in
    if (this.#failedReading.has(disk.jobName)) return this.#explainReading(disk, text)
    if (text !== 'Operation canceled') return writeError(place, disk.id, text)
    const until = clock.monotonic() + explanationMs
    while (!this.#leaving && !this.#unplugged && clock.monotonic() < until) {
      const event = await nextWithin(listener, until - clock.monotonic(), this.#in.signal)
      if (event === null) break
      await this.#note(event, session)
    }
    if (this.#unplugged) return diskUnplugged(place, disk.id)
    if (this.#leaving) return machineGone(place, clock.now(), done())
    return interrupted(place, `the copy of ${disk.id} was cancelled from outside Floe.`)
  }

  async #explainReading(disk: PlannedDisk, text: string): Promise<FloeError> {
    const { place, plan, control } = this.#in
    const readsInstant = disk.snapshot !== null || plan.givesWay
    if (!readsInstant || !saysSnapshotLost(text)) return readError(place, disk.id, text)
    return (await control.scratchTrouble()) ?? snapshotLost(place, disk.id, { text, scratch: disk.snapshot !== null })
  }

  #trouble(error: FloeError): void {
    this.#in.onEvent({ event: 'trouble', problem: toProblem(error) })
  }
}

/** The next event, or null after `ms`, at the end of the connection, or when aborted. */
async function nextWithin(listener: QmpEventListener, ms: number, signal: AbortSignal): Promise<QmpEvent | null> {
  const wait = new AbortController()
  const giveUp = () => wait.abort()
  const timer = setTimeout(giveUp, Math.max(0, ms))
  signal.addEventListener('abort', giveUp, { once: true })
  if (signal.aborted) giveUp()
  try {
    return await listener.next(wait.signal)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', giveUp)
  }
}
