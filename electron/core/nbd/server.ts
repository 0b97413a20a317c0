import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import {
  endChild,
  imageArgument,
  interrupted,
  locateTool,
  type ToolOptions,
  toolFailed,
  toolRefused,
} from '../qemu-img/index.ts'

/** Longest path of a unix socket that both macOS and Linux take. */
const longestSocketPath = 103
const startDeadline = 60_000

export interface ServeOptions extends ToolOptions {
  readonly clients?: number
  /** `from-drive`: not from the system's memory of the file, where the file system can do that. */
  readonly reading?: 'cached' | 'from-drive'
}

/**
 * Becomes `qemu-nbd` itself, but first leaves a guard that reads from Floe: when Floe is gone without a word, also by
 * SIGKILL and before it connected, the guard ends the server and removes its folder ($0).
 */
const guard = `
exec 3<&0 </dev/null
server=$$
(read -r word <&3 || { kill -9 "$server"; rm -rf -- "$0"; }) >/dev/null 2>&1 &
exec 3<&-
exec "$@"
`

/** A running `qemu-nbd`. Disposing it ends the process and removes its socket. */
export interface NbdServer extends AsyncDisposable {
  readonly pid: number
  readonly socketPath: string
}

/**
 * Serves an image read-only on a private unix socket. It ends with its user, with its only client, and with Floe,
 * however that ends.
 * @throws FloeError `system/tool-missing`, `system/tool-failed` in the tool's own words, `system/interrupted`
 */
export async function serveImage(
  image: { readonly path: string; readonly format: string },
  options: ServeOptions = {},
): Promise<NbdServer> {
  const fromDrive = { ...options, reading: options.reading ?? 'cached' } as const
  if (fromDrive.reading === 'cached') return serve(image, fromDrive)
  try {
    return await serve(image, fromDrive)
  } catch (error) {
    const cannot = error instanceof Error && /O_DIRECT|direct I\/O|Invalid argument/i.test(error.message)
    if (!cannot) throw error
    return serve(image, { ...options, reading: 'cached' })
  }
}

async function serve(
  image: { readonly path: string; readonly format: string },
  options: ServeOptions & { readonly reading: 'cached' | 'from-drive' },
): Promise<NbdServer> {
  const task = `open "${image.path}"`
  const program = await locateTool('qemu-nbd', options)
  if (options.signal?.aborted) throw interrupted(task)
  const argument = imageArgument(image.path, image.format, options.reading)
  const folder = await mkdtemp(join(tmpdir().length < 60 ? tmpdir() : '/tmp', 'floe-nbd-'))
  const socketPath = join(folder, 's')
  const readyFile = join(folder, 'pid')
  if (Buffer.byteLength(socketPath) > longestSocketPath) {
    await rm(folder, { recursive: true, force: true })
    throw toolFailed('qemu-nbd', task, `The path of its socket "${socketPath}" is too long.`)
  }
  const args = ['--read-only', `--shared=${options.clients ?? 1}`, '-k', socketPath, '--pid-file', readyFile, argument]
  const child = spawn('/bin/sh', ['-c', guard, folder, program, ...args], {
    env: { ...(options.env ?? process.env), LC_ALL: 'C' },
    cwd: '/',
    stdio: ['pipe', 'ignore', 'pipe'],
    // A group of its own: Ctrl-C in the terminal is for Floe, and must not look like an image that cannot be read.
    detached: true,
  })
  // The guard may be gone before it is told that its work is done.
  child.stdin.on('error', () => {})
  child.once('exit', () => child.stdin.end('done\n'))
  let words = ''
  child.stderr.on('data', (data: Buffer) => {
    if (words.length < 4096) words += data.toString()
  })
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
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
    while (!existsSync(readyFile)) {
      if (spawnError) throw toolFailed('qemu-nbd', task, (spawnError as Error).message, spawnError)
      if (child.exitCode !== null || child.signalCode !== null) {
        await closed
        throw child.exitCode === null
          ? toolFailed('qemu-nbd', task, `It was ended by ${child.signalCode}.`)
          : toolRefused('qemu-nbd', task, words)
      }
      if (options.signal?.aborted) throw interrupted(task)
      if (performance.now() > deadline) throw toolFailed('qemu-nbd', task, 'It did not get ready within a minute.')
      await pause(5)
    }
  } catch (error) {
    await end()
    throw error
  }
  return { pid: child.pid as number, socketPath, [Symbol.asyncDispose]: end }
}
