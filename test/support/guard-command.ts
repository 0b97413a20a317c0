import { fileURLToPath } from 'node:url'
import type { GuardCommand } from '../../electron/core/ports/index.ts'

/** The guard of guests, run from the sources. */
export const guardCommand: GuardCommand = {
  program: process.execPath,
  args: [fileURLToPath(new URL('../../electron/core/guest-agent/guard/guard.ts', import.meta.url))],
  env: { PATH: process.env.PATH ?? '/usr/bin:/bin' },
}
