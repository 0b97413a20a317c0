import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { FloeError } from '../../../electron/core/errors.ts'
import { createGuestKeeper } from '../../../electron/core/guest-agent/keeper.ts'
import type { AgentSession, OpenAgent } from '../../../electron/core/guest-agent/types.ts'
import type { ProblemCode } from '../../../shared/errors/codes.ts'
import { quietLogger, realClock } from '../../support/core.ts'
import { socketServer } from '../../support/fake-agent.ts'
import { until } from '../../support/run.ts'
import { tempDir } from '../../support/temp.ts'

/**
 * How one call to the agent goes: carried out and answered; refused; no answer, though it is carried out at once, never,
 * or before the next call that is.
 */
type Fate = 'answered' | 'refused' | 'done-unsaid' | 'lost' | 'late'

const fate = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Fate>('answered') },
  { weight: 3, arbitrary: fc.constantFrom<Fate>('refused', 'done-unsaid', 'lost', 'late') },
)

/** A guest as a model: what was done to it, in order, and by whom. */
class ModelGuest {
  frozen = 0
  fates: Fate[] = []
  readonly #late: (() => void)[] = []
  readonly onFreeze: () => void

  constructor(onFreeze: () => void) {
    this.onFreeze = onFreeze
  }

  async #call<T>(act: () => T, late: ProblemCode = 'agent/no-answer'): Promise<T> {
    const error = (code: ProblemCode) => new FloeError(code, 'As the model wants it.')
    await new Promise((resolve) => setImmediate(resolve))
    const how = this.fates.shift() ?? 'answered'
    if (how === 'refused') throw error('agent/refused')
    if (how === 'lost') throw error(late)
    if (how === 'late') {
      this.#late.push(act)
      throw error(late)
    }
    for (const earlier of this.#late.splice(0)) earlier()
    const value = act()
    if (how === 'done-unsaid') throw error('agent/unreachable')
    return value
  }

  readonly open: OpenAgent = async () => {
    await this.#call(() => {})
    const freeze = () => {
      if (this.frozen > 0) return 0
      this.onFreeze()
      this.frozen = 2
      return 2
    }
    const thaw = () => {
      const count = this.frozen
      this.frozen = 0
      return count
    }
    const session: AgentSession = {
      ping: () => this.#call(() => {}),
      info: () => this.#call(() => ({ version: '1', commands: new Set<string>() })),
      fileSystems: () => this.#call(() => []),
      freezeStatus: () => this.#call(() => (this.frozen > 0 ? 'frozen' : 'thawed')),
      freeze: () => this.#call(freeze, 'agent/too-slow'),
      thaw: () => this.#call(thaw),
      undoFreeze: () => this.#call(thaw),
      setTime: () => this.#call(() => {}),
      [Symbol.asyncDispose]: async () => {},
    }
    return session
  }
}

/** Understands everything and does nothing: what the real one does is proven elsewhere. */
const deafGuard = { program: '/bin/sh', args: ['-c', 'while read -r line; do echo ok; done'], env: {} }

it('whatever the agent does: the instant is taken once, nothing is called frozen that was not, and in the end all is thawed', async () => {
  await using listening = await socketServer(() => {})
  const turn = fc.record({
    fates: fc.array(fate, { maxLength: 12 }),
    required: fc.boolean(),
    take: fc.constantFrom('works', 'fails', 'is-thawed-by-others', 'leaves-it-stopped-and-lowers'),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(turn, { minLength: 1, maxLength: 3 }), async (turns) => {
      using dir = tempDir('gp-')
      const records = () => (existsSync(dir.file('r')) ? readdirSync(dir.file('r')) : [])
      let unrecorded = 0
      const model = new ModelGuest(() => {
        const isRecorded =
          records().includes('m1.json') && readFileSync(dir.file('r', 'm1.json'), 'utf8').includes('"frozen"')
        if (!isRecorded) unrecorded += 1
      })
      const keeper = createGuestKeeper({
        ports: { clock: realClock, logger: quietLogger, randomBytes, guardCommand: deafGuard },
        recordsDir: dir.file('r'),
        openAgent: model.open,
        timing: { retryMs: 3, thawMs: 50, attemptMs: 50, stopMs: 1000 },
      })
      for (const { fates, required, take } of turns) {
        model.fates = [...fates]
        let taken = 0
        let frozenAtInstant = false
        const guest = { machineId: 'm1', machineName: 'model', agent: listening.endpoint, qmp: null }
        const wish = { mountpoints: null, limitMs: 50, holdMs: 1000, required }
        const end = await keeper
          .around(
            guest,
            wish,
            async (guard) => {
              taken += 1
              frozenAtInstant = model.frozen > 0
              if (take === 'is-thawed-by-others') model.frozen = 0
              if (take === 'leaves-it-stopped-and-lowers') {
                await guard.raise('stopped')
                await guard.lower('stopped')
              }
              if (take === 'fails') throw new Error('as wished')
            },
            () => {},
          )
          .catch((error: unknown) => error as Error)
        if (end instanceof Error) {
          if (end.message === 'as wished') expect([take, taken]).toEqual(['fails', 1])
          else expect([required, taken, (end as FloeError).code]).toEqual([true, 0, 'backup/freeze-required'])
        } else {
          expect(taken).toBe(1)
          if (required && end.freeze.kind === 'not-frozen')
            expect(['thawed-early', 'no-answer']).toContain(end.freeze.cause)
          if (end.freeze.kind === 'frozen') expect([frozenAtInstant, take]).not.toEqual([true, 'is-thawed-by-others'])
          if (end.freeze.kind === 'frozen') expect(frozenAtInstant).toBe(true)
        }
        if (model.frozen > 0) expect([keeper.unconfirmed().length, records()]).toEqual([1, ['m1.json']])
      }
      await until(() => keeper.unconfirmed().length === 0 && records().length === 0, 'all to be well')
      expect([model.frozen, unrecorded]).toEqual([0, 0])
      await keeper.stop()
    }),
    { numRuns: 60 },
  )
})
