import type { GuardCommand } from '../../core/ports/index.ts'

/** Starts this program as the guard of guests and nothing else: the package runs no scripts (fuse `runAsNode`). */
const guardFlag = '--floe-guard'

export const isGuard = (argv: readonly string[]): boolean => argv.includes(guardFlag)

/** What the guard, too, needs to start where this program did: Chromium checks its own sandbox before any script runs. */
const passedOn = ['--no-sandbox', '--disable-gpu', '--disable-setuid-sandbox']

/** The program itself, once more, as a guard. */
export function guardCommand(
  own: { readonly program: string; readonly isPackaged: boolean; readonly appPath: string },
  argv: readonly string[] = process.argv,
  env: Readonly<Record<string, string | undefined>> = process.env,
): GuardCommand {
  const flags = passedOn.filter((flag) => argv.includes(flag))
  return {
    program: own.program,
    args: [...flags, ...(own.isPackaged ? [] : [own.appPath]), guardFlag],
    env: Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined)),
  }
}
