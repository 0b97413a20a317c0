// Before its jobs begin a backup may compare its instant with a parent point, and after them it may read it whole, for
// the proof. Meanwhile nobody looks at jobs; whoever ends the jobs waits until it is clear whether they began.
import type { QmpSession } from '../qmp/types.ts'
import type { CopyControl } from './copy-control.ts'
import { InstantReading } from './instant-reading.ts'
import { copyActions, ourJobs, transactionOf } from './qemu-copy.ts'
import type { RunContext } from './run-context.ts'

export class ReadingSteps {
  readonly #run: RunContext
  readonly #control: CopyControl
  readonly #reading: InstantReading
  #guarding = new AbortController()
  #underWay: Promise<void> = Promise.resolve()

  constructor(run: RunContext, control: CopyControl) {
    this.#run = run
    this.#control = control
    this.#reading = new InstantReading(run)
  }

  /** @throws FloeError `export/*` */
  prepare(session: QmpSession): Promise<void> {
    return this.#reading.prepare(session)
  }

  get commands() {
    return this.#reading.commands
  }

  /** What differs from the parent points is found, and copied from here on. */
  compare(): Promise<void> {
    return this.#known(this.#compare())
  }

  /** For the proof: what the finished point must hold. */
  readInstant(): Promise<void> {
    return this.#known(this.#readInstant())
  }

  /** Nobody reads the instant any more. */
  end(): void {
    this.#guarding.abort()
    this.#reading.end()
  }

  /** Resolves when nothing of it is under way. */
  settled(): Promise<void> {
    return this.#underWay
  }

  /** Nothing of it is left in QEMU. Repeatable. */
  remove(session: QmpSession): Promise<void> {
    return this.#reading.remove(session)
  }

  /** QEMU has ended. */
  forget(): Promise<void> {
    return this.#reading.forget()
  }

  #known(work: Promise<void>): Promise<void> {
    this.#underWay = work.catch(() => {})
    return work
  }

  async #compare(): Promise<void> {
    const { header, link, post } = this.#run
    const { signal } = this.#guard()
    const marks = await this.#reading.compare()
    signal.throwIfAborted()
    const limit = this.#control.allowed
    const actions = copyActions(header.plan, limit, (disk) => marks.get(disk) ?? null)
    const { execute, arguments: args } = transactionOf(actions)
    await link.use(async (session) => {
      // After a break this is asked again, and QEMU may have taken it all.
      const begun = (await ourJobs(session, header.plan)).length === header.plan.disks.length
      if (!begun) await session.execute(execute, args)
    })
    this.end()
    post({ event: 'compared' })
    if (this.#control.allowed !== limit) await this.#control.applyLimit()
  }

  async #readInstant(): Promise<void> {
    this.#guard()
    await this.#reading.keep()
    this.end()
    this.#run.post({ event: 'instant-read' })
  }

  /** The scratch room may run full, and the images of a machine that is off may be taken, all the same. */
  #guard(): AbortController {
    const guarding = new AbortController()
    this.#guarding = guarding
    const { signal } = guarding
    const { link, post, deps } = this.#run
    void link.images?.follow(signal, (problem) => post({ event: 'trouble', problem }))
    this.#control.guardScratch(signal).catch((error: unknown) => {
      deps.ports.logger.warn('The scratch room was not looked after', { error: String(error) })
    })
    const { pace } = this.#reading
    this.#control
      .paceReading(pace, () => this.#reading.doneBytes, signal)
      .catch((error: unknown) => {
        deps.ports.logger.warn('Nobody looks at the guest while its disks are read', { error: String(error) })
      })
    return guarding
  }
}
