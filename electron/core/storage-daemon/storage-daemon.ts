// This room reads the images of machines that are off. QEMU's storage daemon is the block layer of a QEMU without a
// machine: it speaks QMP and knows the same copy jobs, so that a backup of a machine that is off runs like any other.
// It is read-only here, it respects QEMU's locks, it belongs to this Floe alone, and it ends with it.
import { FloeError } from '../errors.ts'
import type { Clock } from '../ports/index.ts'
import { type BoundProcess, locateTool, startBoundProcess, type ToolOptions } from '../qemu-img/index.ts'
import { connectQmp } from '../qmp/connect.ts'
import type { QmpSession } from '../qmp/types.ts'

/** The daemon is ours and idle: when it does not greet, the computer is very busy. Milliseconds. */
const greetingTimeoutMs = 20_000

/** A running daemon and the only connection to it. Disposing it ends both. */
export interface StorageDaemon extends AsyncDisposable {
  readonly pid: number
  readonly session: QmpSession
  /** Resolves with its last words when it has ended. */
  readonly ended: Promise<string>
}

/** QEMU's option syntax ends a value at a comma, unless it is doubled. */
const optionValue = (text: string) => text.replaceAll(',', ',,')

/** @throws FloeError `system/tool-missing` with a remedy */
export async function assertStorageDaemon(options: ToolOptions): Promise<void> {
  await locateTool('qemu-storage-daemon', options).catch(withWayOut)
}

/** @throws FloeError `system/tool-missing` with a remedy, `system/tool-failed`, `system/interrupted` */
export async function startStorageDaemon(options: ToolOptions & { readonly clock: Clock }): Promise<StorageDaemon> {
  const { clock, ...toolOptions } = options
  const started = await startBoundProcess(
    'qemu-storage-daemon',
    'get ready to read images',
    ({ socketPath, readyFile }) => [
      ...['--chardev', `socket,id=floe,path=${optionValue(socketPath)},server=on,wait=off`],
      ...['--monitor', 'chardev=floe', '--pidfile', readyFile],
    ],
    { ...toolOptions, folderPrefix: 'floe-qsd-' },
  ).catch(withWayOut)
  return connectTo(started, clock)
}

async function connectTo(started: BoundProcess, clock: Clock): Promise<StorageDaemon> {
  try {
    const session = await connectQmp({ kind: 'unix', path: started.socketPath }, { clock, greetingTimeoutMs })
    return {
      pid: started.pid,
      session,
      ended: started.ended,
      [Symbol.asyncDispose]: async () => {
        await session.close()
        await started[Symbol.asyncDispose]()
      },
    }
  } catch (error) {
    await started[Symbol.asyncDispose]()
    throw error
  }
}

/** Without the daemon a machine can still be backed up: while it runs. */
function withWayOut(error: unknown): never {
  if (!(error instanceof FloeError) || error.code !== 'system/tool-missing') throw error
  throw new FloeError(error.code, `${error.message} It reads the images of machines that are off.`, {
    params: error.params,
    remedy: `${error.remedy ?? 'Install QEMU.'} Or start the machine and back it up while it runs.`,
    cause: error,
  })
}
