import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/**
 * What tells this process from any other that had or will have its number: its start time, with the boot it belongs
 * to where that is not part of the time. Null when no such process runs (one that only waits to be reaped is over).
 */
export async function processIdentity(
  pid: number,
  platform: NodeJS.Platform = process.platform,
): Promise<string | null> {
  return platform === 'linux' ? fromProc(pid) : fromPs(pid)
}

/** proc(5): the name in parentheses may hold anything, so fields count from the last one; 3 is state, 22 starttime. */
async function fromProc(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return null
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8')
    return `${boot.trim()} ${fields[19]}`
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return null
    throw error
  }
}

async function fromPs(pid: number): Promise<string | null> {
  try {
    const { stdout } = await execute('ps', ['-o', 'stat=', '-o', 'lstart=', '-p', String(pid)], {
      env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
    })
    const line = stdout.trim()
    const space = line.indexOf(' ')
    return line === '' || line.startsWith('Z') ? null : line.slice(space + 1).trim()
  } catch (error) {
    // ps ends with 1 and prints nothing when there is no such process.
    if ((error as { code?: unknown }).code === 1) return null
    throw error
  }
}
