import { resolve } from 'node:path'

export interface LaunchOptions {
  /** From `--home DIR` or `FLOE_HOME`; null for the platform's own place. */
  readonly homeDir: string | null
  /** Also start the demo machine. */
  readonly demo: boolean
}

/**
 * Reads Floe's own options among those of Electron and Chromium. Tests (`FLOE_E2E`) must name a home, so that a test can
 * never work on a person's own.
 * @throws Error with a sentence for a person
 */
export function readLaunchOptions(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): LaunchOptions {
  let homeDir: string | undefined
  for (const [index, arg] of args.entries()) {
    if (arg === '--home') {
      homeDir = args[index + 1]
      if (homeDir === undefined || homeDir.startsWith('--')) throw new Error('--home needs a folder.')
    } else if (arg.startsWith('--home=')) {
      homeDir = arg.slice('--home='.length)
      if (homeDir === '') throw new Error('--home needs a folder.')
    }
  }
  homeDir ??= env.FLOE_HOME === '' ? undefined : env.FLOE_HOME
  if (env.FLOE_E2E !== undefined && homeDir === undefined) throw new Error('Tests must name a home folder.')
  return {
    homeDir: homeDir === undefined ? null : resolve(homeDir),
    demo: args.includes('--demo') || env.FLOE_DEMO === '1',
  }
}
