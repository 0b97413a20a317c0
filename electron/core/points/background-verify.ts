// Reading restore points back while nobody asks for it, within the budget of bytes a day that the settings allow. It has
// the lowest rank there is: it begins only where nothing else works on the destination, holds still while something else
// does, and is given up for whoever would have to wait for it.
import type { JobId } from '../../../shared/domain/ids.ts'
import type { Job } from '../../../shared/domain/job.ts'
import type { Point } from '../../../shared/domain/point.ts'
import type { Settings } from '../../../shared/domain/settings.ts'
import { JsonFile } from '../home/json-file.ts'
import { Pace } from '../repository/content-index/pace.ts'
import type { Topics } from '../topics/topic.ts'
import { newLedger, nextToVerify, tidied, VerifyLedger } from './background-plan.ts'
import { type VerifyParts, verifyJob } from './verify-job.ts'

export interface BackgroundVerification {
  /** Begins to look. @throws FloeError `system/home-unwritable` */
  start(): Promise<void>
  /** Ends the check that is under way and resolves when the ledger is written. */
  stop(): Promise<void>
}

export interface BackgroundParts extends VerifyParts {
  readonly settings: { readonly get: () => Settings }
  readonly topics: Pick<Topics, 'jobs' | 'points' | 'settings'>
  /** Where the ledger is kept. */
  readonly file: string
  /** How soon after something happened it looks whether it may begin, in milliseconds. */
  readonly soonMs?: number
}

/** Long enough that nothing comes of looking again, short enough for a host that slept. Milliseconds. */
const longestWait = 3600_000
const aDay = 24 * 3600_000

interface Running {
  readonly jobId: JobId
  readonly point: Point
  readonly pace: Pace
  /** Bytes that were taken from the budget for it. */
  readonly paid: number
  read: number
  /** It was given up for somebody else. */
  letBy: boolean
}

export function createBackgroundVerification(parts: BackgroundParts): BackgroundVerification {
  const { ports, repository, board, settings, topics, soonMs = 2000 } = parts
  const file = new JsonFile(parts.file, 1, VerifyLedger)
  let ledger: VerifyLedger | null = null
  let running: Running | null = null
  let timer: { readonly handle: NodeJS.Timeout; readonly due: number } | null = null
  let looking: Promise<void> = Promise.resolve()
  let stopped = true
  const unsubscribe: (() => void)[] = []

  const others = () => board.active().filter((job) => job.id !== running?.jobId && job.state.kind !== 'waiting')
  const touches = (job: Job, point: Point) => job.destinationId === point.destinationId || job.pointId === point.id

  async function save(next: VerifyLedger): Promise<void> {
    ledger = next
    await file.write(next).catch((error: unknown) => {
      ports.logger.warn('What was read in the background could not be noted', { error: String(error) })
    })
  }

  /** Looks after so many milliseconds, or earlier when that was agreed. */
  function lookIn(ms: number): void {
    const due = ports.clock.monotonic() + Math.min(ms, longestWait)
    if (stopped || (timer !== null && timer.due <= due)) return
    if (timer) clearTimeout(timer.handle)
    timer = { handle: setTimeout(look, due - ports.clock.monotonic()), due }
    timer.handle.unref()
  }

  /** One look at a time. */
  function look(): void {
    timer = null
    looking = looking.then(begin).catch((error: unknown) => {
      ports.logger.error('Reading restore points back in the background failed', { error })
    })
  }

  async function begin(): Promise<void> {
    const { verifyPerDay } = settings.get()
    if (stopped || running !== null || verifyPerDay === null) return
    const now = ports.clock.now()
    const points = repository.points(null)
    const present = tidied(ledger ?? newLedger(now, verifyPerDay), points, now)
    const busy = others()
    const next = nextToVerify(points, present, now, verifyPerDay, (point) => !busy.some((job) => touches(job, point)))
    ledger = next.ledger
    if (next.kind !== 'begin') return lookIn(next.kind === 'wait' ? next.forMs : longestWait)
    const { point, bytes } = next
    // Paid before it is read: what a crash interrupts has been read.
    await save({ ...next.ledger, budget: next.ledger.budget - bytes })
    if (stopped) return save(next.ledger)
    const pace = new Pace()
    const onRead = (read: number) => {
      if (running?.pace === pace) running.read = read
    }
    try {
      const jobId = verifyJob(parts, point.id, 'content', { pace, onRead })
      running = { jobId, point, pace, paid: bytes, read: 0, letBy: false }
    } catch (error) {
      await save(putOff(next.ledger, point))
      throw error
    }
    giveWay()
    const mine = running
    void board.whenFinal(mine.jobId).then((job) => end(mine, job))
  }

  /** The point is left alone for a day. */
  function putOff(from: VerifyLedger, { id }: Point): VerifyLedger {
    const until = new Date(ports.clock.now().getTime() + aDay).toISOString()
    return { ...from, notBefore: { ...from.notBefore, [id]: until } }
  }

  function end(mine: Running, job: Job): void {
    running = null
    // Somebody cancelled it, or it cannot be checked now: not again at once. Damage is known from the point itself.
    const isPutOff = job.state.kind === 'failed' || (job.state.kind === 'cancelled' && !mine.letBy && !stopped)
    looking = looking.then(async () => {
      const before = ledger ?? newLedger(ports.clock.now(), 0)
      const settled = { ...before, budget: before.budget + mine.paid - mine.read }
      await save(isPutOff ? putOff(settled, mine.point) : settled)
    })
    lookIn(soonMs)
  }

  /** Holds still while others work there; gives up when somebody waits for it. */
  function giveWay(): void {
    const mine = running
    if (mine === null) return
    const near = others().filter((job) => touches(job, mine.point))
    const isWaitedFor = near.some(({ state }) => state.kind === 'queued' && state.blockedBy === mine.jobId)
    const isAllowed = settings.get().verifyPerDay !== null
    if ((isWaitedFor || !isAllowed) && !mine.letBy) {
      mine.letBy = true
      mine.pace.goOn()
      void board.cancel(mine.jobId).catch(() => {})
      return
    }
    if (near.length > 0) mine.pace.hold()
    else mine.pace.goOn()
  }

  return {
    async start() {
      const read = await file.read()
      if (read.kind === 'damaged') ports.logger.warn(read.text)
      ledger = read.kind === 'ok' ? read.value : null
      stopped = false
      const woken = () => {
        giveWay()
        if (running === null && settings.get().verifyPerDay !== null) lookIn(soonMs)
      }
      for (const topic of [topics.jobs, topics.settings, topics.points]) unsubscribe.push(topic.subscribe(woken))
    },
    async stop() {
      stopped = true
      for (const end of unsubscribe.splice(0)) end()
      if (timer) clearTimeout(timer.handle)
      timer = null
      const mine = running
      if (mine !== null) {
        mine.pace.goOn()
        await board.cancel(mine.jobId).catch(() => {})
        await board.whenFinal(mine.jobId)
      }
      await looking
    },
  }
}
