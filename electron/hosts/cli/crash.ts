// The last words of a command that ends where nobody expected it. Synchronous: the process ends right after. What QEMU
// does goes on, and the next Floe finds it.
import { writeSync } from 'node:fs'
import type { Problem } from '../../../shared/errors/problem.ts'
import { toProblem } from '../../core/errors.ts'
import { parseArguments } from './arguments.ts'
import { problemOf } from './problem.ts'
import { verbs } from './verbs/index.ts'

interface Ends {
  readonly stdout: { readonly fd: number }
  readonly stderr: { readonly fd: number }
}

/** An exception that nobody caught. @returns the exit status */
export function tellCrash(argv: readonly string[], ends: Ends, error: unknown): number {
  tell(argv, ends, {
    ...toProblem(error),
    remedy: 'Backups go on inside QEMU; the next floe command finds them again.',
  })
  return 2
}

/** A second Ctrl-C. @returns the exit status */
export function tellLeaving(argv: readonly string[], ends: Ends): number {
  tell(argv, ends, problemOf('system/interrupted', 'Floe was told to leave at once. Backups go on inside QEMU.'))
  return 130
}

function tell(argv: readonly string[], { stdout, stderr }: Ends, problem: Problem): void {
  const form = jsonForm(argv)
  if (form !== null) {
    write(stdout.fd, `${JSON.stringify(form === 'events' ? { event: 'failed', problem } : { problem })}\n`)
    return
  }
  write(stderr.fd, `floe: ${problem.message}\n${problem.remedy === null ? '' : `${problem.remedy}\n`}`)
}

/** What `--json` prints for this command line; null without it. */
function jsonForm(argv: readonly string[]): 'events' | 'document' | null {
  try {
    const parsed = parseArguments(argv, verbs)
    if (parsed.kind !== 'run' || !parsed.json) return null
    return parsed.verb.events === true ? 'events' : 'document'
  } catch {
    return null
  }
}

function write(fd: number, text: string): void {
  try {
    writeSync(fd, text)
  } catch {
    // Nobody reads any more; there is nowhere left to say it.
  }
}
