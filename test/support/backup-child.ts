// A Floe in a process of its own that backs a machine up and dies by SIGKILL at a chosen moment.
// Arguments: home, QMP socket, destination folder, moment (see `Moment`), the process that owns the machine.
import files from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { connectQmp } from '../../electron/core/qmp/connect.ts'
import { startParts, worldPorts } from './backup-world.ts'

/** `before`/`after` a QMP command (with how often it may pass first) or the removal of the image's node, around the point's final name, or in Checking. */
export type Moment = `before ${string}` | `after ${string}` | 'while checking'

const [home, qmpPath, destinationPath, moment, parent] = process.argv.slice(2) as [
  string,
  string,
  string,
  Moment,
  string,
]
const [side, what, times = '0'] = moment.split(' ') as [string, string, string?]
let passed = 0

async function around<T>(name: string, act: () => Promise<T>): Promise<T> {
  const isNow = name === what && passed++ >= Number(times)
  if (isNow && side === 'before') die()
  const result = await act()
  if (isNow) die()
  return result
}

function die(): never {
  process.kill(process.pid, 'SIGKILL')
  throw new Error('This process is dead.')
}

/** The node of the image being written, and the one of the end marks, are other matters than what keeps the instant. */
function stepOf(command: string, args: Readonly<Record<string, unknown>> = {}): string {
  const node = String(args['node-name'])
  if (command !== 'blockdev-del') return command
  return /-t\d+$/.test(node) ? 'image-closed' : node === 'floe-end-mark' ? 'end-marked' : command
}

const { rename } = files
files.rename = (from, to) =>
  String(from).includes('.partial-') && !String(from).endsWith('.tmp')
    ? around('final-name', () => rename(from, to))
    : rename(from, to)
syncBuiltinESMExports()

const floe = await startParts(home, worldPorts({}, Number(parent)), async (...options) => {
  const session = await connectQmp(...options)
  const execute = session.execute.bind(session)
  session.execute = (command, ...rest) => around(stepOf(command, rest[0]), () => execute(command, ...rest))
  return session
})
if (side === 'while') floe.repository.computeIndex = async () => die()
const machine = await floe.machines.add(qmpPath, null, null)
const destination = await floe.repository.addDestination(destinationPath, 'Drive')
const id = await floe.backups.start({
  machineId: machine.id,
  destinationId: destination.id,
  diskIds: null,
  limit: moment.startsWith('after query-block-jobs') ? 4 << 20 : null,
  check: true,
})
await floe.board.whenFinal(id)
