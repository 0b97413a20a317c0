import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FloeError, toProblem } from '../../../../electron/core/errors.ts'
import { createJobBoard } from '../../../../electron/core/jobs/board.ts'
import { type JobBoard, NotYet, type WaitingState } from '../../../../electron/core/jobs/types.ts'
import { Topic } from '../../../../electron/core/topics/topic.ts'
import type { JobId } from '../../../../shared/domain/ids.ts'
import { isFinal } from '../../../../shared/domain/job.ts'
import { quietLogger, realClock, testJob } from '../../../support/core.ts'

interface Held {
  readonly id: JobId
  readonly machine: string
  readonly destination: string
  urgent: boolean
  /** Has it ever waited for something outside? Then it begins out of its order. */
  parked: boolean
  end: ((how: 'good' | 'failed' | 'not yet') => void) | null
}

/** What the test knows: every job, those running now, and the order in which they began. */
interface Model {
  readonly jobs: Held[]
  readonly running: Set<Held>
  readonly begun: Held[]
}

const waiting: WaitingState = {
  kind: 'waiting',
  for: 'destination',
  problem: toProblem(new FloeError('destination/missing', 'The drive is not there.')),
}

type Real = { readonly board: JobBoard }
const turn = () => new Promise<void>((done) => setImmediate(done))

function check(model: Model, { board }: Real): void {
  const machines = [...model.running].map((job) => job.machine)
  expect(new Set(machines).size).toBe(machines.length)
  for (const job of model.running) {
    const rivals = [...model.running].filter((other) => other !== job && other.destination === job.destination)
    if (!job.urgent) expect(rivals.every((other) => other.urgent)).toBe(true)
  }
  for (const job of model.jobs) {
    const { state } = board.get(job.id)
    if (state.kind === 'queued') expect(state.blockedBy).not.toBeNull()
  }
  const order = (of: (job: Held) => boolean) =>
    model.begun.filter((job) => of(job) && !job.parked).map((job) => model.jobs.indexOf(job))
  for (const machine of ['m0', 'm1', 'm2']) {
    const begun = order((job) => job.machine === machine)
    expect(begun).toEqual([...begun].sort((a, b) => a - b))
  }
  for (const destination of ['d0', 'd1']) {
    const begun = order((job) => job.destination === destination && !job.urgent)
    expect(begun).toEqual([...begun].sort((a, b) => a - b))
  }
}

class Enqueue implements fc.AsyncCommand<Model, Real> {
  readonly machine: number
  readonly destination: number
  readonly parked: boolean
  constructor(machine: number, destination: number, parked: boolean) {
    this.machine = machine
    this.destination = destination
    this.parked = parked
  }
  check = () => true
  async run(model: Model, real: Real): Promise<void> {
    const job = this.parked ? { ...testJob(), state: waiting } : testJob()
    const held: Held = {
      id: job.id,
      machine: `m${this.machine}`,
      destination: `d${this.destination}`,
      urgent: false,
      parked: this.parked,
      end: null,
    }
    model.jobs.push(held)
    const claims = [`machine:${held.machine}`, `destination:${held.destination}`]
    real.board.enqueue(job, claims, { cancel: async () => held.end?.('failed') }, async () => {
      model.running.add(held)
      model.begun.push(held)
      const how = await new Promise((resolve) => {
        held.end = resolve
      })
      model.running.delete(held)
      if (how === 'not yet') {
        held.parked = true
        throw new NotYet(waiting)
      }
      if (how === 'failed') throw new Error('it failed')
    })
    await turn()
    check(model, real)
  }
  toString = () => `enqueue(m${this.machine}, d${this.destination}${this.parked ? ', parked' : ''})`
}

class Act implements fc.AsyncCommand<Model, Real> {
  readonly kind: 'finish' | 'fail' | 'not yet' | 'ready' | 'cancel' | 'startNow'
  readonly pick: number
  constructor(kind: Act['kind'], pick: number) {
    this.kind = kind
    this.pick = pick
  }
  check = (model: Readonly<Model>) => model.jobs.length > 0
  async run(model: Model, real: Real): Promise<void> {
    const job = model.jobs[this.pick % model.jobs.length] as Held
    const { state } = real.board.get(job.id)
    if (!isFinal(state)) {
      if (this.kind === 'cancel') await real.board.cancel(job.id)
      else if (this.kind === 'startNow') {
        if (state.kind === 'queued') job.urgent = true
        real.board.startNow(job.id)
      } else if (this.kind === 'ready') real.board.ready(job.id)
      else job.end?.(this.kind === 'fail' ? 'failed' : this.kind === 'finish' ? 'good' : 'not yet')
    }
    await turn()
    check(model, real)
  }
  toString = () => `${this.kind}(${this.pick})`
}

describe('the queue', () => {
  it('never runs two jobs of one machine, keeps the order of each claim, and brings every job to an end', async () => {
    const commands = fc.commands(
      [
        fc
          .tuple(fc.nat(2), fc.nat(1), fc.boolean())
          .map(([machine, destination, parked]) => new Enqueue(machine, destination, parked)),
        fc
          .tuple(fc.constantFrom('finish', 'fail', 'not yet', 'ready', 'cancel', 'startNow'), fc.nat(30))
          .map(([kind, pick]) => new Act(kind, pick)),
      ],
      { maxCommands: 40 },
    )
    await fc.assert(
      fc.asyncProperty(commands, async (list) => {
        const ports = { clock: realClock, logger: quietLogger }
        const board = createJobBoard({ ports, topic: new Topic('jobs'), limits: { finished: 1000 } })
        const model: Model = { jobs: [], running: new Set(), begun: [] }
        await fc.asyncModelRun(() => ({ model, real: { board } }), list)
        while (board.active().length > 0) {
          for (const { id } of model.jobs) if (board.get(id).state.kind === 'waiting') board.ready(id)
          await turn()
          expect(model.running.size).toBeGreaterThan(0)
          for (const job of [...model.running]) job.end?.('good')
          await turn()
          check(model, { board })
        }
        for (const job of model.jobs) expect(isFinal(board.get(job.id).state)).toBe(true)
      }),
      { numRuns: 60 },
    )
  })
})
