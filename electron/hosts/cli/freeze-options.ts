import type { Given } from './context.ts'
import { WrongUsage } from './problem.ts'

/** `--no-freeze` and `--require-freeze`; null: as the settings say. @throws WrongUsage for both */
export function freezeWishes(given: Given): {
  readonly freeze: boolean | null
  readonly requireFreeze: boolean | null
} {
  const no = given.options['no-freeze'] === true
  const required = given.options['require-freeze'] === true
  if (no && required) throw new WrongUsage('--no-freeze and --require-freeze contradict each other.', given.verb)
  if (no) return { freeze: false, requireFreeze: false }
  return required ? { freeze: true, requireFreeze: true } : { freeze: null, requireFreeze: null }
}
