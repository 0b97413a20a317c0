// What tests of the guest keeper share: an agent, a folder, and keepers that all end with the test.
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { afterEach, beforeEach } from 'vitest'
import { createGuestKeeper, type KeeperDeps } from '../../electron/core/guest-agent/keeper.ts'
import type { FreezeOutcome, GuestAccess, GuestKeeper } from '../../electron/core/guest-agent/types.ts'
import { quietLogger, realClock } from './core.ts'
import { type FakeAgent, fakeAgent } from './fake-agent.ts'
import { guardCommand } from './guard-command.ts'
import { processesNaming } from './processes.ts'
import { until } from './run.ts'
import { type TempDir, tempDir } from './temp.ts'

export let dir: TempDir
export let agent: FakeAgent
let keepers: GuestKeeper[]

/** Gives each test of a file a `dir` and an `agent` of its own. */
export function prepareKeepers(): void {
  beforeEach(async () => {
    dir = tempDir('gk-')
    agent = await fakeAgent()
    keepers = []
  })
  afterEach(async () => {
    await agent[Symbol.asyncDispose]()
    for (const keeper of keepers) await keeper.stop()
    // Whatever is left to undo is gone with its guest.
    await until(() => guards() === 0, 'the end of all guards')
    dir[Symbol.dispose]()
  })
}

/** File names in the keeper's folder. */
export const records = () => (existsSync(dir.file('records')) ? readdirSync(dir.file('records')) : [])
/** How many guards of this test run. */
export const guards = () => processesNaming(dir.path).length

export function keeperOf(change: Partial<KeeperDeps> = {}): GuestKeeper {
  const command = { ...guardCommand, args: [...guardCommand.args, dir.path] }
  const keeper = createGuestKeeper({
    ports: { clock: realClock, logger: quietLogger, randomBytes, guardCommand: command },
    recordsDir: dir.file('records'),
    timing: { retryMs: 50, thawMs: 200, attemptMs: 300, stopMs: 200 },
    ...change,
  })
  keepers.push(keeper)
  return keeper
}

export const guest = (change: Partial<GuestAccess> = {}): GuestAccess => ({
  machineId: 'm1',
  machineName: 'debian',
  agent: agent.endpoint,
  qmp: null,
  ...change,
})
export const wish = { mountpoints: null, limitMs: 1000, holdMs: 2000, required: false }
export const inTime = (): Promise<string> => Promise.resolve('taken')
export const causeOf = (freeze: FreezeOutcome) => (freeze.kind === 'not-frozen' ? freeze.cause : freeze.kind)
