import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createJobBoard } from '../../../../electron/core/jobs/board.ts'
import type { JobBoard } from '../../../../electron/core/jobs/types.ts'
import { Topic } from '../../../../electron/core/topics/topic.ts'
import type { JobId } from '../../../../shared/domain/ids.ts'
import { isFinal } from '../../../../shared/domain/job.ts'
import { quietLogger, realClock, testJob } from '../../../support/core.ts'

interface Held {
  readonly id: JobId
  readonly machine: string
  readonly destination: string
  urgent: boolean
  end: ((failed: boolean) => void) | null
}

/** What the test knows: every job, those running now, and the order in which they began. */
interface Model {
  readonly jobs: Held[]
  readonly running: Set<Held>
  readonly begun: Held[]
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
  const order = (of: (job: Held) => boolean) => model.begun.filter(of).map((job) => model.jobs.indexOf(job))
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
  constructor(machine: number, destination: number) {
    this.machine = machine
    this.destination = destination
  }
  check = () => true
  async run(model: Model, real: Real): Promise<void> {
    const job = testJob()
    const held: Held = {
      id: job.id,
      machine: `m${this.machine}`,
      destination: `d${this.destination}`,
      urgent: false,
      end: null,
    }
    model.jobs.push(held)
    const claims = [`machine:${held.machine}`, `destination:${held.destination}`]
    real.board.enqueue(job, claims, { cancel: async () => held.end?.(true) }, async () => {
      model.running.add(held)
      model.begun.push(held)
      const failed = await new Promise<boolean>((resolve) => {
        held.end = resolve
      })
      model.running.delete(held)
      if (failed) throw new Error('it failed')
    })
    await turn()
    check(model, real)
  }
  toString = () => `enqueue(m${this.machine}, d${this.destination})`
}

class Act implements fc.AsyncCommand<Model, Real> {
  readonly kind: 'finish' | 'fail' | 'cancel' | 'startNow'
  readonly pick: number
  constructor(kind: Act['kind'], pick: number) {
    this.kind = kind
    this.pick = pick
  }
  check = (model: Readonly<Model>) => model.jobs.length > 0
  async run(model: Model, real: Real): Promise<void> {
    const job = model.jobs[this.pick % model.jobs.length] as Held
    const state = real.board.get(job.id).state
    if (!isFinal(state)) {
      if (this.kind === 'cancel') await real.board.cancel(job.id)
      else if (this.kind === 'startNow') {
        if (state.kind === 'queued') job.urgent = true
        real.board.startNow(job.id)
      } else job.end?.(this.kind === 'fail')
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
        fc.tuple(fc.nat(2), fc.nat(1)).map(([machine, destination]) => new Enqueue(machine, destination)),
        fc
          .tuple(fc.constantFrom('finish', 'fail', 'cancel', 'startNow'), fc.nat(30))
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
          expect(model.running.size).toBeGreaterThan(0)
          for (const job of [...model.running]) job.end?.(false)
          await turn()
          check(model, { board })
        }
        for (const job of model.jobs) expect(isFinal(board.get(job.id).state)).toBe(true)
      }),
      { numRuns: 60 },
    )
  })
})
