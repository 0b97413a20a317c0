// How many points to keep: as given with --keep-..., else as saved for the machine.
import type { MachineId } from '../../../shared/domain/ids.ts'
import type { RetentionPolicy } from '../../../shared/domain/retention.ts'
import type { Settings } from '../../../shared/domain/settings.ts'
import { keepsNothing, policyParts } from '../../../shared/text/keeping-words.ts'
import { type Given, textOption, type Verb } from './context.ts'
import { WrongUsage } from './problem.ts'

export const policyOptions: Verb['options'] = Object.fromEntries(
  policyParts.map((part) => [`keep-${part}`, { type: 'string' } as const]),
)

export const policyUsage = policyParts.map((part) => `[--keep-${part} N]`).join(' ')

export const policyHelp: Verb['help'] = [
  ['--keep-last N', 'keep the newest N restore points'],
  ['--keep-daily N', 'keep the newest of each of the N most recent days that have one'],
  ['--keep-weekly N', 'the same for weeks; --keep-monthly N for months, --keep-yearly N for years'],
  ['', 'without any of these: the numbers saved for the machine'],
]

const most = 10_000

/** Null when no number is given. What is not given counts as 0. @throws WrongUsage */
export function policyGiven(given: Given): RetentionPolicy | null {
  const numbers = policyParts.map((part) => [part, countOf(given, part)] as const)
  if (numbers.every(([, count]) => count === null)) return null
  const policy = Object.fromEntries(numbers.map(([part, count]) => [part, count ?? 0])) as RetentionPolicy
  if (!keepsNothing(policy)) return policy
  throw new WrongUsage('That would keep none: at least one of the numbers must be above 0.', given.verb)
}

/** @throws WrongUsage when nothing is saved either */
export function policySaved(
  given: Given,
  settings: Settings,
  machine: { readonly id: MachineId; readonly name: string },
) {
  const saved = settings.retentionByMachine[machine.id]
  if (saved !== undefined && !keepsNothing(saved)) return saved
  throw new WrongUsage(
    `How many restore points of ${machine.name} should be kept? No number is saved for it: give at least one of ${policyParts
      .map((part) => `--keep-${part} N`)
      .join(', ')}.`,
    given.verb,
  )
}

function countOf(given: Given, part: (typeof policyParts)[number]): number | null {
  const text = textOption(given, `keep-${part}`)
  if (text === null) return null
  const count = Number(text)
  if (/^\d+$/.test(text) && count <= most) return count
  throw new WrongUsage(
    `--keep-${part}: "${text}" is not a number of restore points: use one from 0 to ${most}.`,
    given.verb,
  )
}
