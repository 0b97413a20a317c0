// Finds and runs QEMU's command-line tools. Everything they are told about images is JSON (image-argument.ts), so that
// any path works; everything they say goes back to the caller in their own words.
import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { FloeError } from '../errors.ts'

export type ToolName = 'qemu-img' | 'qemu-nbd' | 'qemu-storage-daemon'

/** `env` locates the tools (PATH, FLOE_QEMU_DIR) and is passed on; aborting `signal` ends the tool. */
export interface ToolOptions {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly signal?: AbortSignal
}

export interface ToolResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Apps started from the Finder have no Homebrew or MacPorts folder on their PATH. */
const usualFolders = ['/opt/homebrew/bin', '/usr/local/bin', '/opt/local/bin', '/usr/bin']
const outputLimit = 256 << 20
const forceDeadline = 5000

/** The command that installs one of QEMU's tools on this system. */
export function installCommand(platform: NodeJS.Platform = process.platform, tool: ToolName = 'qemu-img'): string {
  if (platform === 'darwin') return 'brew install qemu'
  return `sudo apt-get install ${tool === 'qemu-storage-daemon' ? 'qemu-system-common' : 'qemu-utils'}`
}

/**
 * Absolute path of a tool: FLOE_QEMU_DIR first, then PATH, then the folders of Homebrew and MacPorts.
 * @throws FloeError `system/tool-missing` with the command that installs it
 */
export async function locateTool(name: ToolName, options: ToolOptions = {}): Promise<string> {
  const env = options.env ?? process.env
  const folders = [env.FLOE_QEMU_DIR ?? '', ...(env.PATH ?? '').split(delimiter), ...usualFolders]
  for (const folder of folders) {
    if (!folder.startsWith('/')) continue
    const path = join(folder, name)
    const runnable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (runnable) return path
  }
  const command = installCommand(process.platform, name)
  throw new FloeError('system/tool-missing', `The program ${name}, which comes with QEMU, was not found.`, {
    params: { tool: name, command },
    remedy: `Install it with: ${command}`,
  })
}

/** The error of a tool that failed; `words` are its own. */
export function toolFailed(name: string, task: string, words: string, cause?: unknown): FloeError {
  const text = words.trim() || 'It gave no reason.'
  return new FloeError('system/tool-failed', `${name} could not ${task}: ${text}`, {
    params: { tool: name, task, output: text },
    cause,
  })
}

/** The error of a tool that ended by itself and said why: the only kind that can be about the image. */
export function toolRefused(name: string, task: string, words: string): FloeError {
  const error = toolFailed(name, task, words)
  if (words.trim() === '') return error
  return new FloeError(error.code, error.message, { params: { ...error.params, refused: true } })
}

/** The error of work that was aborted. */
export function interrupted(task: string): FloeError {
  return new FloeError('system/interrupted', `Floe was told to stop while it wanted to ${task}.`, { params: { task } })
}

const children = new Set<ChildProcess>()

/**
 * Kills the child if this process ends first, whatever the reason short of SIGKILL: tools run in groups of their own, so
 * nobody else would, and one that goes on would write into a file that the next Floe clears away.
 */
function endWithUs(child: ChildProcess): void {
  if (children.size === 0) process.on('exit', endAll)
  children.add(child)
  const forget = () => {
    children.delete(child)
    if (children.size === 0) process.off('exit', endAll)
  }
  child.once('exit', forget)
  child.once('error', () => {
    if (child.pid === undefined) forget()
  })
}

function endAll(): void {
  for (const child of children) child.kill('SIGKILL')
}

/** Ends a child we started: a request first, force after two seconds. Resolves when it is gone, at the latest after five. */
export async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  const force = setTimeout(() => child.kill('SIGKILL'), 2000)
  // A process that waits for a hanging drive cannot even be killed; nobody shall wait for it.
  const giveUp = new AbortController()
  await Promise.race([gone, pause(forceDeadline, undefined, { signal: giveUp.signal, ref: false }).catch(() => {})])
  giveUp.abort()
  clearTimeout(force)
  if (child.exitCode === null && child.signalCode === null) {
    for (const stream of child.stdio) stream?.destroy()
    child.unref()
  }
}

/**
 * Runs a tool to its end. `task` completes "qemu-img could not ...". Exit codes other than `accepted` are failures.
 * @throws FloeError `system/tool-missing`, `system/tool-failed` with the tool's own words, `system/interrupted`
 */
export async function runTool(
  name: ToolName,
  task: string,
  args: readonly string[],
  options: ToolOptions & {
    readonly accepted?: readonly number[]
    readonly onStdout?: (text: string) => void
  } = {},
): Promise<ToolResult> {
  const { signal } = options
  const program = await locateTool(name, options)
  if (signal?.aborted) throw interrupted(task)
  const env = { ...(options.env ?? process.env), LC_ALL: 'C' }
  // A group of its own: Ctrl-C in the terminal is for Floe, which ends its tools in order.
  const child = spawn(program, args, { env, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  endWithUs(child)
  let abandon = () => {}
  const abort = () =>
    void endChild(child).then(() => {
      abandon()
    })
  signal?.addEventListener('abort', abort, { once: true })
  try {
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    let size = 0
    const collect = (into: Buffer[]) => (data: Buffer) => {
      size += data.length
      if (size <= outputLimit) into.push(data)
    }
    if (options.onStdout) child.stdout.on('data', (data: Buffer) => options.onStdout?.(data.toString()))
    else child.stdout.on('data', collect(stdout))
    child.stderr.on('data', collect(stderr))
    const exitCode = await new Promise<number>((resolve, reject) => {
      abandon = () => reject(interrupted(task))
      child.once('error', (error) => reject(toolFailed(name, task, error.message, error)))
      child.once('close', (code, killedBy) => {
        // Ctrl-C reached the tool before it had its own group: nothing failed, somebody wanted it to end.
        if (killedBy === 'SIGINT') reject(interrupted(task))
        else if (code === null && !signal?.aborted) reject(toolFailed(name, task, `It was ended by ${killedBy}.`))
        else resolve(code ?? -1)
      })
    })
    if (signal?.aborted) throw interrupted(task)
    const words = Buffer.concat(stderr).toString()
    if (size > outputLimit) throw toolFailed(name, task, 'It printed more than Floe can take in.')
    if (!(options.accepted ?? [0]).includes(exitCode)) throw toolRefused(name, task, words)
    return { exitCode, stdout: Buffer.concat(stdout).toString(), stderr: words }
  } finally {
    signal?.removeEventListener('abort', abort)
  }
}
