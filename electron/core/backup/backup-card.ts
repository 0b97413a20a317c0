// Keeps one backup's job on the board up to date: state, phases, bytes, rate.
import type { JobId } from '../../../shared/domain/ids.ts'
import { RateMeter } from '../jobs/rate.ts'
import type { JobBoard } from '../jobs/types.ts'
import type { Clock } from '../ports/index.ts'
import { cardOf } from './card.ts'
import { destinationClaim } from './claims.ts'
import { type CopyCare, type CopyPause, nothingFound } from './copy-care.ts'
import { type BackupHeader, optionsOf } from './journal.ts'
import type { BackupPlan } from './plan.ts'
import type { Done } from './problems.ts'
import { advance, type CopySample, type DiskBytes, describeDisks, startOfCopy, totalOf } from './progress.ts'
import type { FreezePhase, RunView } from './run-context.ts'
import type { BackupInstant, BackupOptions, BackupState } from './state.ts'

export class BackupCard implements RunView {
  readonly #board: JobBoard
  readonly #clock: Clock
  readonly #jobId: JobId
  readonly #plan: BackupPlan
  readonly #options: BackupOptions
  readonly #destinationClaim: string
  readonly #meter = new RateMeter()
  readonly #timeline: { at: string; text: string }[] = []
  #bytes: DiskBytes
  #state: BackupState = { state: 'idle' }
  #pause: CopyPause | null = null
  #freezing = false

  constructor(board: JobBoard, clock: Clock, header: BackupHeader) {
    const { jobId, plan } = header
    this.#board = board
    this.#clock = clock
    this.#jobId = jobId
    this.#plan = plan
    this.#options = optionsOf(header)
    this.#destinationClaim = destinationClaim(header.destination.id)
    this.#bytes = startOfCopy(plan.disks)
  }

  /** Steps with clock times, for the activity list. */
  get timeline(): readonly { at: string; text: string }[] {
    return this.#timeline
  }

  done(): Done {
    const { doneBytes, totalBytes } = totalOf(this.#bytes)
    return { doneBytes, totalBytes }
  }

  onState(state: BackupState): void {
    const text = stepTexts[state.state]
    if (text && state.state !== this.#state.state) this.#timeline.push({ at: this.#clock.now().toISOString(), text })
    if (this.#state.state === 'copying' && state.state !== 'copying') this.onCare(nothingFound)
    const reads = (one: BackupState) => one.state === 'comparing' || one.state === 'proving'
    if (reads(this.#state) && !reads(state)) this.#board.update(this.#jobId, { checked: null })
    this.#state = state
    this.#freezing = false
    const instant = instantOf(state)
    if (instant) this.#tellInstant(instant)
    if (this.#plan.way === 'offline') this.#tellHold(state)
    // Reading the copy back is in nobody's way: the next backup to this destination may begin.
    if (state.state === 'checking') this.#board.giveBack(this.#jobId, this.#destinationClaim)
    // Each of them may be the first that is seen of a backup that an earlier Floe began.
    if (instant && state.state !== 'copying' && state.state !== 'comparing') this.#allCopied()
    // The end is told with its result by whoever owns the job.
    if (state.state !== 'ended') this.#show()
  }

  onFreeze(phase: FreezePhase): void {
    this.#freezing = phase !== 'thawed'
    const text = freezeTexts[phase]
    if (text) this.#timeline.push({ at: this.#clock.now().toISOString(), text })
    this.#show()
  }

  onSample(sample: CopySample & { readonly pause: CopyPause | null }): void {
    if (this.#state.state !== 'copying') return
    const { pause } = sample
    if (pause) this.#meter.pause()
    this.#bytes = advance(this.#bytes, sample)
    const changed = JSON.stringify(pause) !== JSON.stringify(this.#pause)
    this.#pause = pause
    const { doneBytes, totalBytes, fraction } = totalOf(this.#bytes)
    const metered = this.#meter.progress(this.#clock.monotonic(), doneBytes, totalBytes)
    const speed = pause ? { bytesPerSecond: null, secondsLeft: null } : {}
    this.#board.update(this.#jobId, {
      progress: { ...metered, fraction, ...speed },
      disks: describeDisks(this.#bytes, this.#plan.disks),
    })
    if (changed) this.#show()
  }

  onCare(care: Partial<CopyCare>): void {
    if (this.#state.state !== 'copying') return
    const job = this.#board.get(this.#jobId)
    const keys = Object.keys(care) as (keyof CopyCare)[]
    if (keys.some((key) => JSON.stringify(care[key]) !== JSON.stringify(job[key])))
      this.#board.update(this.#jobId, care)
  }

  onChecked(doneBytes: number, totalBytes: number): void {
    this.#board.update(this.#jobId, { checked: { doneBytes, totalBytes } })
  }

  onKept(why: string | null): void {
    const note = why === null ? null : `Floe cannot let go of the machine's disks yet and goes on trying: ${why}`
    this.#board.update(this.#jobId, { note })
  }

  /** The card's last look, without the state. */
  final(state: BackupState) {
    const { phases } = cardOf(state, this.#options, still, this.#board.get(this.#jobId).phases)
    const good = state.state === 'ended' && state.ending.kind === 'good'
    const progress = { ...totalOf(this.#bytes, good), bytesPerSecond: null, secondsLeft: null }
    return { phases, progress }
  }

  #allCopied(): void {
    this.#bytes = advance(this.#bytes, { allocatedBytes: [], finished: this.#bytes.map(() => true) })
    this.#board.update(this.#jobId, {
      progress: { ...totalOf(this.#bytes), bytesPerSecond: null, secondsLeft: null },
      disks: describeDisks(this.#bytes, this.#plan.disks),
    })
  }

  /** QEMU finds the images of a machine that is off locked while they are copied (docs/qmp.md). */
  #tellHold({ state }: BackupState): void {
    const held = ['preparing', 'starting', 'comparing', 'copying', 'proving', 'stopping'].includes(state)
    this.#board.update(this.#jobId, { note: held ? holdNote : null })
  }

  #tellInstant({ at: _at, ...instant }: BackupInstant): void {
    this.#board.update(this.#jobId, { instant })
  }

  #show(): void {
    this.#board.update(
      this.#jobId,
      cardOf(
        this.#state,
        this.#options,
        { pause: this.#pause, freezing: this.#freezing },
        this.#board.get(this.#jobId).phases,
      ),
    )
  }
}

/** Known from the copy on, unless the copy is worth nothing. */
function instantOf(state: BackupState): BackupInstant | null {
  if (state.state === 'releasing') return state.outcome.kind === 'copied' ? state.outcome.instant : null
  return 'instant' in state ? state.instant : null
}

const still = { pause: null, freezing: false }

const freezeTexts: Partial<Record<FreezePhase, string>> = {
  freezing: 'Asking the guest to freeze its file systems',
  frozen: 'The guest is frozen',
  thawed: 'The guest is thawed',
}

const holdNote =
  'While its images are copied, QEMU may refuse to start this machine. Cancelling the backup frees them at once.'

const stepTexts: Partial<Record<BackupState['state'], string>> = {
  preparing: 'Creating the images',
  starting: 'Starting all disks at one instant',
  comparing: 'Comparing with the last restore point',
  proving: 'Reading the instant for the proof',
  copying: 'Copying',
  stopping: 'Ending the copy',
  recording: 'Recording the restore point',
  discarding: 'Removing the unfinished copy',
  checking: 'Reading the copy back',
}
