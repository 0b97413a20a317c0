// A server of QEMU's that lives for Floe alone: it has a private folder with its socket, and it ends with Floe, however
// that ends. `qemu-nbd` and `qemu-storage-daemon` are run like this.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { endChild, interrupted, locateTool, type ToolName, type ToolOptions, toolFailed, toolRefused } from './tool.ts'

/** Longest path of a unix socket that both macOS and Linux take. */
const longestSocketPath = 103
const startDeadline = 60_000

/**
 * Becomes the server itself, but first leaves a guard that reads from Floe: when Floe is gone without a word, also by
 * SIGKILL and before it connected, the guard ends the server and removes its folder ($0).
 */
const guard = `
exec 3<&0 </dev/null
server=$$
(read -r word <&3 || { kill -9 "$server"; rm -rf -- "$0"; }) >/dev/null 2>&1 &
exec 3<&-
exec "$@"
`

/** Where a server is to listen, and the file in which it says that it does (`--pid-file`). */
export interface ServerPlace {
  readonly socketPath: string
  readonly readyFile: string
}

/** Disposing it ends the process and removes its folder. */
export interface BoundProcess extends AsyncDisposable {
  readonly pid: number
  readonly socketPath: string
  /** Resolves with its last words (its error output) when the process has ended. */
  readonly ended: Promise<string>
}

const running = new Set<number>()

/** The processes of this kind that this Floe runs now: its own hands, which are nobody's sign of life. */
export const boundProcessIds = (): ReadonlySet<number> => running

/**
 * Starts a server and waits until it listens. `task` completes "qemu-nbd could not ...".
 * @throws FloeError `system/tool-missing`, `system/tool-failed` in the tool's own words, `system/interrupted`
 */
export async function startBoundProcess(
  tool: ToolName,
  task: string,
  argumentsAt: (place: ServerPlace) => readonly string[],
  options: ToolOptions & { readonly folderPrefix: string },
): Promise<BoundProcess> {
  const program = await locateTool(tool, options)
  if (options.signal?.aborted) throw interrupted(task)
  // mkdtemp makes folders that nobody else may enter.
  const folder = await mkdtemp(join(tmpdir().length < 60 ? tmpdir() : '/tmp', options.folderPrefix))
  const place = { socketPath: join(folder, 's'), readyFile: join(folder, 'pid') }
  if (Buffer.byteLength(place.socketPath) > longestSocketPath) {
    await rm(folder, { recursive: true, force: true })
    throw toolFailed(tool, task, `The path of its socket "${place.socketPath}" is too long.`)
  }
  const child = spawn('/bin/sh', ['-c', guard, folder, program, ...argumentsAt(place)], {
    env: { ...(options.env ?? process.env), LC_ALL: 'C' },
    cwd: '/',
    stdio: ['pipe', 'ignore', 'pipe'],
    // A group of its own: Ctrl-C in the terminal is for Floe, and must not look like an image that cannot be read.
    detached: true,
  })
  const pid = child.pid
  if (pid !== undefined) running.add(pid)
  // The guard may be gone before it is told that its work is done.
  child.stdin.on('error', () => {})
  child.once('exit', () => {
    child.stdin.end('done\n')
    if (pid !== undefined) running.delete(pid)
  })
  let words = ''
  child.stderr.on('data', (data: Buffer) => {
    if (words.length < 4096) words += data.toString()
  })
  const ended = new Promise<string>((resolve) => child.once('close', () => resolve(words)))
  let spawnError: Error | null = null
  child.once('error', (error) => {
    spawnError = error
  })
  const end = async () => {
    await endChild(child)
    await rm(folder, { recursive: true, force: true })
  }
  const deadline = performance.now() + startDeadline
  try {
    while (!existsSync(place.readyFile)) {
      if (spawnError) throw toolFailed(tool, task, (spawnError as Error).message, spawnError)
      if (child.exitCode !== null || child.signalCode !== null) {
        await ended
        throw child.exitCode === null
          ? toolFailed(tool, task, `It was ended by ${child.signalCode}.`)
          : toolRefused(tool, task, words)
      }
      if (options.signal?.aborted) throw interrupted(task)
      if (performance.now() > deadline) throw toolFailed(tool, task, 'It did not get ready within a minute.')
      await pause(5)
    }
  } catch (error) {
    await end()
    throw error
  }
  return { pid: pid as number, socketPath: place.socketPath, ended, [Symbol.asyncDispose]: end }
}
