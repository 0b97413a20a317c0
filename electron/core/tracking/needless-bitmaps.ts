// Dirty bitmaps that became needless while their machine could not be reached, or while something was using them: what is
// left is remembered in the home folder, and taken out once the machine runs and can be asked. Only live: a machine that
// is off may be started at any moment, and must not meet an image that Floe has open.
import { z } from 'zod'
import { DestinationId, MachineId } from '../../../shared/domain/ids.ts'
import { isFinal } from '../../../shared/domain/job.ts'
import type { Machine } from '../../../shared/domain/machine.ts'
import { JsonFile } from '../home/json-file.ts'
import type { JobBoard } from '../jobs/types.ts'
import type { Topics } from '../topics/topic.ts'
import { type AssertWanted, type ForgettingDependencies, forgetChanges } from './forgetting.ts'

/** By machine: whose bitmaps are to go. */
const Remembered = z.object({ machines: z.record(MachineId, z.array(DestinationId)) })

export interface NeedlessDependencies extends ForgettingDependencies {
  readonly topics: Pick<Topics, 'machines' | 'jobs'>
  readonly board: Pick<JobBoard, 'active'>
  /** A destination that this Floe has (again) keeps its bitmaps. */
  readonly repository: { destinations(): readonly { readonly id: DestinationId }[] }
  /** Path of <home>/needless-bitmaps.json. */
  readonly file: string
}

const notNow = () => new Error('Something else has begun there meanwhile.')

export class NeedlessBitmaps {
  readonly #deps: NeedlessDependencies
  readonly #file: JsonFile<z.infer<typeof Remembered>>
  readonly #left = new Map<MachineId, ReadonlySet<DestinationId>>()
  /** When each machine was asked last: one time for each start of its QEMU and each end of a job there. */
  readonly #asked = new Map<MachineId, string>()
  readonly #lastJob = new Map<MachineId, string>()
  #unsubscribe: readonly (() => void)[] = []
  #work: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(deps: NeedlessDependencies) {
    this.#deps = deps
    this.#file = new JsonFile(deps.file, 1, Remembered)
  }

  /** From now on machines that can be asked again are. @throws FloeError `system/home-unwritable` */
  async start(): Promise<void> {
    const { topics, ports } = this.#deps
    const read = await this.#file.read()
    if (read.kind === 'damaged') ports.logger.warn(read.text)
    for (const [id, ids] of read.kind === 'ok' ? Object.entries(read.value.machines) : []) {
      this.#left.set(MachineId.parse(id), new Set(ids))
    }
    const ofJobs = topics.jobs.follow((message) => {
      for (const job of message.kind === 'delta' ? message.upserts : []) {
        if (job.machineId !== null && isFinal(job.state)) this.#lastJob.set(job.machineId, job.id)
      }
      this.#look()
    })
    this.#unsubscribe = [ofJobs, topics.machines.follow(() => this.#look())]
  }

  /** Nothing is written afterwards. */
  async stop(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    this.#stopped = true
    await this.#work
  }

  /**
   * Takes them out now where that is possible; what stays is remembered. `mayNow`: asked of the machine as it then is, up
   * to the last moment. Never throws.
   */
  async forget(
    seen: Machine,
    ids: readonly DestinationId[],
    mayNow: (machine: Machine) => boolean = () => true,
  ): Promise<void> {
    const { id } = seen
    if (ids.length === 0 || seen.disks.length === 0) return
    // A machine whose connection is in use cannot be removed.
    await this.#work
    await this.#leave(id, [...this.#leftOn(id), ...ids])
    const now = () => this.#deps.topics.machines.get(id) ?? seen
    const machine = now()
    if (!mayNow(machine)) return
    const assertWanted: AssertWanted = () => {
      if (now().state.kind !== machine.state.kind || !mayNow(now())) throw notNow()
    }
    if (await forgetChanges(machine, ids, this.#deps, assertWanted)) await this.#done(id, ids)
  }

  #look(): void {
    for (const id of this.#left.keys()) {
      const machine = this.#askable(id)
      if (machine === null) continue
      const occasion = `${machine.pid} ${machine.runningSince} ${this.#lastJob.get(id) ?? ''}`
      if (this.#asked.get(id) === occasion) continue
      this.#asked.set(id, occasion)
      this.#work = this.#work.then(() => this.#ask(id))
    }
  }

  /** A machine that runs, with something left on it and no job of Floe's; else null. */
  #askable(id: MachineId): Machine | null {
    const machine = this.#deps.topics.machines.get(id)
    if (!machine || machine.disks.length === 0 || this.#gone(id).length === 0) return null
    const { kind } = machine.state
    if (kind !== 'running' && kind !== 'guest-paused') return null
    return this.#deps.board.active().some(({ machineId }) => machineId === id) ? null : machine
  }

  #leftOn(id: MachineId): readonly DestinationId[] {
    return [...(this.#left.get(id) ?? [])]
  }

  #gone(id: MachineId): readonly DestinationId[] {
    const ours = new Set(this.#deps.repository.destinations().map((destination) => destination.id))
    return this.#leftOn(id).filter((each) => !ours.has(each))
  }

  async #ask(id: MachineId): Promise<void> {
    const machine = this.#askable(id)
    if (this.#stopped) return
    // Its turn came too late: it is asked at the next occasion of any kind.
    if (machine === null) return void this.#asked.delete(id)
    const ids = this.#gone(id)
    const assertWanted: AssertWanted = () => {
      const gone = this.#gone(id)
      if (this.#askable(id) === null || ids.some((each) => !gone.includes(each))) throw notNow()
    }
    if (await forgetChanges(machine, ids, this.#deps, assertWanted)) await this.#done(id, ids)
  }

  #done(id: MachineId, ids: readonly DestinationId[]): Promise<void> {
    return this.#leave(
      id,
      this.#leftOn(id).filter((each) => !ids.includes(each)),
    )
  }

  async #leave(id: MachineId, ids: readonly DestinationId[]): Promise<void> {
    if (ids.length > 0) this.#left.set(id, new Set(ids))
    else this.#left.delete(id)
    if (this.#stopped) return
    const machines = Object.fromEntries([...this.#left].map(([machine, left]) => [machine, [...left]]))
    try {
      await this.#file.write({ machines })
    } catch (error) {
      this.#deps.ports.logger.warn('Which dirty bitmaps are to go later is not remembered', { error: String(error) })
    }
  }
}
