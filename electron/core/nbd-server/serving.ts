// QEMU's NBD server, of which there is one per QEMU (qemu.md 5.5): somebody else's is left alone, ours is stopped
// unless somebody else put an export on it.
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { FloeError } from '../errors.ts'
import { QmpExecuteError } from '../qmp/errors.ts'
import type { QmpSession } from '../qmp/types.ts'

/** Who serves what where. */
export interface Serving {
  readonly machineName: string
  readonly socketPath: string
  readonly disks: readonly { readonly exportId: string }[]
}

interface BlockExport {
  readonly id: string
  readonly type: string
  readonly 'node-name': string
}

const blockExports = (session: QmpSession) => session.execute<readonly BlockExport[]>('query-block-exports')

/** `runs`: this Floe started our server and has not stopped it. Otherwise it has to be found out. */
export interface KnownServer {
  runs: boolean
}

/** @throws FloeError `export/nbd-server-taken`, `export/not-possible` */
export async function startServer(
  session: QmpSession,
  { machineName, socketPath }: Pick<Serving, 'machineName' | 'socketPath'>,
  server: KnownServer,
): Promise<void> {
  try {
    await session.execute('nbd-server-start', { addr: { type: 'unix', data: { path: socketPath } } })
    server.runs = true
  } catch (error) {
    if (!(error instanceof QmpExecuteError)) throw error
    const others = (await blockExports(session)).filter(({ type }) => type === 'nbd')
    if (others.length > 0 || /already running/i.test(error.text)) throw serverTaken(machineName, others, error)
    throw new FloeError('export/not-possible', `QEMU can't serve the disks of ${machineName}: ${error.text}`, {
      params: { machine: machineName, path: socketPath },
      cause: error,
    })
  }
}

function serverTaken(machineName: string, others: readonly BlockExport[], cause: Error): FloeError {
  const names = others.map((other) => `"${other.id}" of ${other['node-name']}`).join(', ')
  const what = names === '' ? 'It has no export yet.' : `Its exports: ${names}.`
  return new FloeError(
    'export/nbd-server-taken',
    `The QEMU of ${machineName} runs an NBD server for another program already. ${what}`,
    {
      params: { machine: machineName, exports: names },
      remedy: 'End that export (QMP: nbd-server-stop), then try again.',
      cause,
    },
  )
}

export interface Served {
  readonly exportId: string
  readonly node: string
  /** Under which clients find it. */
  readonly name: string
  /** Disabled dirty bitmaps on the node, which clients can read as `qemu:dirty-bitmap:<name>` (QEMU 5.2). */
  readonly bitmaps?: readonly string[]
}

/** Serves nodes read-only. @throws QmpExecuteError */
export async function addExports(session: QmpSession, served: readonly Served[]): Promise<void> {
  for (const command of exportCommands(served)) await session.execute(command.execute, command.arguments)
}

/** Serves nodes read-only. */
export const exportCommands = (served: readonly Served[]) =>
  served.map(({ exportId: id, node, name, bitmaps }) => ({
    execute: 'block-export-add',
    arguments: { type: 'nbd', id, 'node-name': node, name, writable: false, ...(bitmaps?.length ? { bitmaps } : {}) },
  }))

/**
 * Does anybody listen on this socket? A path that a dead QEMU left behind answers nobody. QEMU complains on its terminal
 * of the caller that leaves at once.
 */
function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath)
    const end = (answered: boolean) => {
      socket.destroy()
      resolve(answered)
    }
    socket.once('connect', () => end(true))
    socket.once('error', () => end(false))
  })
}

const removedWithinMs = 30_000

/**
 * Ends our exports, whoever reads them, and our server. Repeatable. Answers false when the server has to stay because
 * somebody else uses it too.
 * @throws QmpExecuteError, FloeError `machine/timeout`
 */
export async function stopServing(
  session: QmpSession,
  { disks, socketPath, machineName }: Serving,
  server: KnownServer,
): Promise<boolean> {
  const ours = new Set(disks.map((disk) => disk.exportId))
  const left = async () => (await blockExports(session)).filter(({ id }) => ours.has(id))
  for (const { id } of await left()) {
    // Hard: it may be in use, and it may be going already (qemu.md 5.5).
    await session.execute('block-export-del', { id, mode: 'hard' }).catch((error: unknown) => {
      if (!(error instanceof QmpExecuteError)) throw error
    })
  }
  const deadline = performance.now() + removedWithinMs
  while ((await left()).length > 0) {
    if (performance.now() > deadline) {
      throw new FloeError('machine/timeout', `QEMU did not let go of the exports of ${machineName}.`, {
        params: { machine: machineName },
      })
    }
    await wait(20)
  }
  if (!server.runs && !(await answers(socketPath))) return true
  if ((await blockExports(session)).some(({ type }) => type === 'nbd')) return false
  await session.execute('nbd-server-stop')
  server.runs = false
  return true
}
