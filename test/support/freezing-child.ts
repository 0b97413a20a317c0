// A Floe in a process of its own that freezes a guest and dies by SIGKILL at a chosen moment, or ends in order.
// Arguments: records folder, agent socket, QMP socket or '', moment, text that names its guard.

import { randomBytes } from 'node:crypto'
import files from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { createGuestKeeper } from '../../electron/core/guest-agent/keeper.ts'
import { openAgent } from '../../electron/core/guest-agent/open-agent.ts'
import type { GuestAccess } from '../../electron/core/guest-agent/types.ts'
import { connectQmp } from '../../electron/core/qmp/connect.ts'
import { quietLogger, realClock } from './core.ts'
import { guardCommand } from './guard-command.ts'

export const freezingMoments = [
  'before the record',
  'before the guard knows',
  'after raising',
  'while freezing',
  'frozen',
  'frozen and stopped',
  'while thawing',
  'thawed before the end',
  'never',
] as const
export type FreezingMoment = (typeof freezingMoments)[number]

const [recordsDir, agentPath, qmpPath, moment, name] = process.argv.slice(2) as [
  string,
  string,
  string,
  FreezingMoment,
  string,
]

const at = (now: FreezingMoment) => {
  if (now === moment) process.kill(process.pid, 'SIGKILL')
}
/** Dies when the bytes have been handed to the system. */
const soon = (now: FreezingMoment) => {
  if (now === moment) setImmediate(() => setImmediate(() => at(now)))
}

const { rename } = files
files.rename = async (from, to) => {
  at('before the record')
  await rename(from, to)
  at('before the guard knows')
}
syncBuiltinESMExports()

const keeper = createGuestKeeper({
  ports: {
    clock: realClock,
    logger: quietLogger,
    randomBytes,
    guardCommand: { ...guardCommand, args: [...guardCommand.args, name] },
  },
  recordsDir,
  openAgent: async (...options) => {
    const session = await openAgent(...options)
    const { freeze, undoFreeze } = session
    session.freeze = (wish) => {
      at('after raising')
      soon('while freezing')
      return freeze.call(session, wish)
    }
    session.undoFreeze = async (timeoutMs) => {
      soon('while thawing')
      const count = await undoFreeze.call(session, timeoutMs)
      at('thawed before the end')
      return count
    }
    return session
  },
})
const guest: GuestAccess = {
  machineId: 'm1',
  machineName: 'debian',
  agent: { kind: 'unix', path: agentPath },
  qmp: qmpPath === '' ? null : { kind: 'unix', path: qmpPath },
}
const wish = { mountpoints: null, limitMs: 10_000, holdMs: 10_000, required: false }
const { freeze } = await keeper.around(
  guest,
  wish,
  async (guard) => {
    at('frozen')
    if (moment !== 'frozen and stopped') return
    const qmp = await connectQmp({ kind: 'unix', path: qmpPath }, { clock: realClock })
    await guard.raise('stopped')
    await qmp.execute('stop')
    at('frozen and stopped')
  },
  () => {},
)
process.stdout.write(`${JSON.stringify(freeze)}\n`)
await keeper.stop()
