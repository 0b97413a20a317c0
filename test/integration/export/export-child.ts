// A Floe in a process of its own that exports a machine and dies by SIGKILL at a chosen moment.
// Arguments: home, QMP socket, moment, the process that owns the machine, and a restore point (JSON) to tell changes since.
import { connectQmp } from '../../../electron/core/qmp/connect.ts'
import { Point } from '../../../shared/domain/point.ts'
import type { TempDir } from '../../support/temp.ts'
import { exportWorld } from './world.ts'

/** `before`/`after` a QMP command (with how often it may pass first), or while the export is held. */
export type Moment = `before ${string}` | `after ${string}` | 'while held'

const [homePath, qmpPath, moment, parent, given = ''] = process.argv.slice(2) as [
  string,
  string,
  Moment,
  string,
  string?,
]
const point = given === '' ? null : Point.parse(JSON.parse(given))
const [side, what, times = '0'] = moment.split(' ') as [string, string, string?]
let passed = 0

function die(): never {
  process.kill(process.pid, 'SIGKILL')
  throw new Error('This process is dead.')
}

async function around<T>(name: string, act: () => Promise<T>): Promise<T> {
  const isNow = name === what && passed++ >= Number(times)
  if (isNow && side === 'before') die()
  const result = await act()
  if (isNow) die()
  return result
}

const home: TempDir = {
  path: homePath,
  file: (...names) => [homePath, ...names].join('/'),
  [Symbol.dispose]: () => {},
}
const world = await exportWorld({
  home,
  parent: Number(parent),
  ...(point ? { points: { point: () => point, points: () => [point] } } : {}),
  connect: async (...options) => {
    const session = await connectQmp(...options)
    const execute = session.execute.bind(session)
    session.execute = (command, ...rest) => around(command, () => execute(command, ...rest))
    return session
  },
})
const held = await world.held(await world.machine(qmpPath), { since: point?.id ?? null })
if (moment === 'while held') die()
await world.board.cancel(held.id)
await world.board.whenFinal(held.id)
