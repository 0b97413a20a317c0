// The command that reads an export, in a process group of its own, so that the whole of it can be ended when the export
// breaks: what it has read by then must not be stored as a good copy. A guard ends it too when this process is killed.
import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { FloeError } from '../../../core/errors.ts'

/**
 * Becomes the command, but first leaves a guard that belongs to nobody (twice forked, or the command could wait for it).
 * File descriptor 3 ends without a word when Floe is gone: then the guard ends the command's process group.
 */
const guard = `
( (
  trap '' INT TERM HUP
  exec </dev/null >/dev/null 2>&1
  read -r word <&3 || { kill -s TERM -- "-$$"; sleep 2; kill -s KILL -- "-$$"; }
) & )
exec 3<&-
exec "$@"
`

export interface CommandEnd {
  /** As a shell tells it: 128 and the signal's number for one that was ended by a signal. */
  readonly status: number
}

export interface RunningCommand {
  readonly ended: Promise<CommandEnd>
  /** Ends the whole process group: asks first (SIGINT as Ctrl-C does, or SIGTERM), and does not wait for ever. */
  end(how: 'SIGINT' | 'SIGTERM'): Promise<void>
}

const patienceMs = 5_000

/** @throws FloeError `system/tool-missing` when not even the shell can be started */
export async function runCommand(
  command: readonly string[],
  options: {
    readonly env: Readonly<Record<string, string | undefined>>
    readonly cwd: string
    /** Where the command's standard output goes. */
    readonly stdout: 'inherit' | 'stderr'
  },
): Promise<RunningCommand> {
  const child = spawn('/bin/sh', ['-c', guard, 'floe', ...command], {
    env: options.env,
    cwd: options.cwd,
    stdio: ['inherit', options.stdout === 'stderr' ? 2 : 'inherit', 'inherit', 'pipe'],
    detached: true,
  })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (cause) =>
      reject(new FloeError('system/tool-missing', `The command could not be started: ${cause.message}`, { cause })),
    )
  })
  const line = child.stdio[3] as NodeJS.WritableStream
  // The guard may be gone before it is told that its work is done.
  line.on('error', () => {})
  const ended = new Promise<CommandEnd>((resolve) => {
    child.once('exit', (status, signal) => {
      line.end('done\n')
      resolve({ status: status ?? 128 + (constants.signals[signal ?? 'SIGKILL'] ?? 0) })
    })
  })
  return {
    ended,
    end: async (how) => {
      for (const signal of how === 'SIGINT' ? (['SIGINT', 'SIGTERM'] as const) : (['SIGTERM'] as const)) {
        signalGroup(child, signal)
        if (await endsWithin(ended, patienceMs)) break
      }
      // Also what the command left running in its group.
      signalGroup(child, 'SIGKILL')
      await ended
    },
  }
}

async function endsWithin(ended: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const late = new AbortController()
  try {
    return await Promise.race([
      ended.then(() => true),
      wait(milliseconds, false, { signal: late.signal }).catch(() => false),
    ])
  } finally {
    late.abort()
  }
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-(child.pid as number), signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
