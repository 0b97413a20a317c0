// The moments of a backup at which something may happen, and how a test steps in there: Floe waits with what it was about
// to do until that is over, so that the same happens at the same moment however busy the computer is.
import { connectQmp } from '../../electron/core/qmp/connect.ts'
import type { Job } from '../../shared/domain/job.ts'
import type { BackupFloe } from './backup-world.ts'

/** In the order of a backup. `starting`: about the instant itself, which nobody waits with. */
export const moments = ['preparing', 'starting', 'comparing', 'copying', 'recording', 'tidying'] as const
export type Moment = (typeof moments)[number]

interface Step {
  readonly command: string
  readonly args: Readonly<Record<string, unknown>>
  /** What people see of the backup. */
  readonly shown: Job['state']['kind'] | null
  /** The restore point is there. */
  readonly recorded: boolean
}

const node = ({ args }: Step) => String(args['node-name'] ?? args.node ?? '')
const isMade = (step: Step) => step.command === 'blockdev-add' && /-t0$/.test(node(step))
const begins = (step: Step) => step.command === 'block-dirty-bitmap-add' && node(step) === 'n-vda'
const ends = (step: Step) => step.command === 'block-dirty-bitmap-remove' && node(step) === 'n-vda'

/** What Floe does there; several while it prepares. */
const steps: Readonly<Record<Moment, readonly ((step: Step) => boolean)[]>> = {
  // The bitmap is tried before it is to begin, and its end mark made, once the image that is written is there.
  preparing: [begins, ends, (step) => begins(step) && String(step.args.name).endsWith('-end'), isMade],
  starting: [(step) => step.command === 'transaction' && JSON.stringify(step.args).includes('"floe-')],
  comparing: [(step) => step.command === 'blockdev-add' && /-m0$/.test(node(step)) && step.shown === 'comparing'],
  copying: [(step) => step.command === 'query-block-jobs' && step.shown === 'copying'],
  recording: [({ command }) => command === 'record'],
  tidying: [(step) => step.recorded && ends(step)],
}

/** Step in at a moment once. */
export class StepIn {
  #next: { readonly is: (step: Step) => boolean; readonly act: () => Promise<void>; readonly waits: boolean } | null =
    null
  #recorded = false
  #floe: BackupFloe | null = null

  /** `which`: one of what Floe does at this moment. `act` may throw, which is what Floe meets then. */
  at(moment: Moment, which: number, act: () => Promise<void>): void {
    const choice = steps[moment]
    const is = choice[which % choice.length] as (step: Step) => boolean
    this.#next = { is, act, waits: moment !== 'starting' }
    this.#recorded = false
  }

  /** @returns false when it was stepped in */
  giveUp(): boolean {
    const still = this.#next !== null
    this.#next = null
    return still
  }

  /** For the connections that Floe makes. */
  readonly connect: typeof connectQmp = async (...options) => {
    const session = await connectQmp(...options)
    const execute = session.execute.bind(session)
    session.execute = async (command, args = {}, ...rest) => {
      await this.#pass(command, args)
      return execute(command, args, ...rest)
    }
    return session
  }

  /** What Floe records is a step too. */
  watch(floe: BackupFloe): void {
    this.#floe = floe
    const { repository } = floe
    const record = repository.record.bind(repository)
    repository.record = async (...args) => {
      await this.#pass('record', {})
      const point = await record(...args)
      this.#recorded = true
      return point
    }
  }

  async #pass(command: string, args: Readonly<Record<string, unknown>>): Promise<void> {
    const next = this.#next
    if (next === null) return
    const shown = this.#floe?.board.active().find(({ kind }) => kind === 'backup')?.state.kind ?? null
    if (!next.is({ command, args, shown, recorded: this.#recorded })) return
    this.#next = null
    const acting = next.act()
    if (next.waits) await acting
    else acting.catch(() => {})
  }
}
