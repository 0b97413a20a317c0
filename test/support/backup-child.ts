// A Floe in a process of its own that backs a machine up and dies by SIGKILL at a chosen moment.
// Arguments: home, QMP socket, destination folder, moment (see `Moment`), the process that owns the machine, and `again` for
// one that has made a full backup before: it says so in a line, and reads the QMP socket of then in a line.
import files from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { createInterface } from 'node:readline'
import { connectQmp } from '../../electron/core/qmp/connect.ts'
import { startParts, worldPorts } from './backup-world.ts'

/** `before`/`after` a QMP command or what `stepOf` calls it (with how often it may pass first), around the point's final name, or in Checking. */
export type Moment = `before ${string}` | `after ${string}` | 'while checking'

const [home, qmpPath, destinationPath, moment, parent, again] = process.argv.slice(2) as [
  string,
  string,
  string,
  Moment,
  string,
  'again' | undefined,
]
const [side, what, times = '0'] = moment.split(' ') as [string, string, string?]
let passed = 0
/** Nothing happens to a backup that comes before. */
let isDue = again === undefined
let hasFinalName = false
let jobsRun = false

async function around<T>(name: string, act: () => Promise<T>): Promise<T> {
  const isNow = isDue && name === what && passed++ >= Number(times)
  if (isNow && side === 'before') die()
  const result = await act()
  if (isNow) die()
  return result
}

function die(): never {
  process.kill(process.pid, 'SIGKILL')
  throw new Error('This process is dead.')
}

/** By the nodes they are about: the image being written, the end marks, what differs; looks at jobs that run; old bitmaps, once the point is there. */
function stepOf(command: string, args: Readonly<Record<string, unknown>> = {}): string {
  const node = String(args['node-name'])
  if (command === 'block-dirty-bitmap-remove' && hasFinalName) return 'old-bitmap-gone'
  if (command === 'query-block-jobs' && jobsRun) return 'look'
  if (command === 'transaction' && JSON.stringify(args).includes('floe-differs')) {
    return JSON.stringify(args).includes('blockdev-backup') ? command : 'marks-read'
  }
  if (/-m\d+$/.test(node)) return command === 'blockdev-add' ? 'marks-made' : 'marks-gone'
  if (command !== 'blockdev-del') return command
  return /-t\d+$/.test(node) ? 'image-closed' : node === 'floe-end-mark' ? 'end-marked' : command
}

const { rename } = files
files.rename = async (from, to) => {
  if (!String(from).includes('.partial-') || String(from).endsWith('.tmp')) return rename(from, to)
  await around('final-name', () => rename(from, to))
  hasFinalName = isDue
}
syncBuiltinESMExports()

// While the machine is started anew, it must not be found by its other socket before the test has connected to that.
const owner = again === undefined ? Number(parent) : process.pid
const floe = await startParts(home, worldPorts({}, owner), async (...options) => {
  const session = await connectQmp(...options)
  const execute = session.execute.bind(session)
  session.execute = (command, ...rest) => {
    jobsRun ||= isDue && JSON.stringify(rest[0] ?? {}).includes('blockdev-backup')
    return around(stepOf(command, rest[0]), () => execute(command, ...rest))
  }
  return session
})
let machine = await floe.machines.add(qmpPath, null, null)
const destination = await floe.repository.addDestination(destinationPath, 'Drive')
const backUp = async (limit: number | null) => {
  const choice = { machineId: machine.id, destinationId: destination.id, diskIds: null }
  return floe.board.whenFinal(await floe.backups.start({ ...choice, limit, check: true }))
}
if (again !== undefined) {
  await backUp(null)
  process.stdout.write('backed up\n')
  const lines = createInterface(process.stdin)
  const path = await new Promise<string>((resolve) => lines.once('line', resolve))
  machine = await floe.machines.add(path, null, null)
  isDue = true
}
if (side === 'while') floe.repository.computeIndex = async () => die()
const { plan, state } = await backUp(moment.startsWith('after look') ? 1 << 20 : null)
// It was to die before: whoever started it is told why it did not.
process.stderr.write(`The backup ended before "${moment}": ${JSON.stringify([plan, state])}\n`)
process.exit(1)
