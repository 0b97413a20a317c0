// What a person wishes about freezing the guest, on the command line of a backup and of an export.
import type { Given, Verb } from './context.ts'
import { WrongUsage } from './problem.ts'

export const freezeOptions = {
  freeze: { type: 'boolean' },
  'no-freeze': { type: 'boolean' },
  'require-freeze': { type: 'boolean' },
  'no-require-freeze': { type: 'boolean' },
} as const satisfies Verb['options']

export const freezeUsage = '[--freeze | --no-freeze] [--require-freeze | --no-require-freeze]'

/** @param what "backup" or "export" */
export function freezeHelp(what: string): Verb['help'] {
  return [
    ['--freeze', 'freeze the file systems of the guest when it can, whatever the settings say'],
    ['--no-freeze', 'do not ask the guest to freeze its file systems'],
    ['--require-freeze', `no ${what} when the guest cannot be frozen`],
    ['--no-require-freeze', `an unfrozen ${what} is good enough, whatever the settings say`],
  ]
}

export interface FreezeWishes {
  readonly freeze: boolean | null
  readonly requireFreeze: boolean | null
}

const contradictions = [
  ['no-freeze', 'freeze'],
  ['no-freeze', 'require-freeze'],
  ['no-require-freeze', 'require-freeze'],
  ['no-freeze', 'mountpoint'],
] as const

/** Null: as the settings say. Mount points that are named are meant to be frozen. @throws WrongUsage for contradictions */
export function freezeWishes(given: Given): FreezeWishes {
  const has = (name: string) => given.options[name] !== undefined && given.options[name] !== false
  for (const [one, other] of contradictions) {
    if (has(one) && has(other)) throw new WrongUsage(`--${one} and --${other} contradict each other.`, given.verb)
  }
  if (has('no-freeze')) return { freeze: false, requireFreeze: false }
  if (has('require-freeze')) return { freeze: true, requireFreeze: true }
  return {
    freeze: has('freeze') || has('mountpoint') ? true : null,
    requireFreeze: has('no-require-freeze') ? false : null,
  }
}

/** The mount points named with `--mountpoint`; null without. @throws WrongUsage for one that is not absolute */
export function mountpointWishes(given: Given): string[] | null {
  const named = given.options.mountpoint
  if (!Array.isArray(named)) return null
  const mountpoints = [...new Set(named.map(String))]
  const wrong = mountpoints.find((path) => !path.startsWith('/'))
  if (wrong === undefined) return mountpoints
  throw new WrongUsage(`"${wrong}" is not a mount point inside the guest: write it like /home.`, given.verb)
}
