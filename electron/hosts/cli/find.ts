// Finds what a person named: by id, by name, or by the beginning of an id when only one begins so. Anything that fits
// twice is refused with the candidates, because the wrong machine or point is worse than none.
import type { ProblemCode } from '../../../shared/errors/codes.ts'
import { CommandFailed, problemOf } from './problem.ts'

export interface Nameable {
  readonly id: string
}

export interface Search<T extends Nameable> {
  /** "machine", "restore point", ... */
  readonly noun: string
  readonly items: readonly T[]
  readonly namesOf: (item: T) => readonly string[]
  /** How a candidate is listed. */
  readonly describe: (item: T) => string
  readonly unknown: ProblemCode
  readonly ambiguous: ProblemCode
  /** The verb that lists them. */
  readonly list: string
}

/** @throws CommandFailed with the search's codes */
export function find<T extends Nameable>(search: Search<T>, text: string): T {
  const byId = search.items.find((item) => item.id === text)
  if (byId !== undefined) return byId
  const named = search.items.filter((item) => search.namesOf(item).includes(text))
  const fitting = named.length > 0 ? named : search.items.filter((item) => text !== '' && item.id.startsWith(text))
  const [first] = fitting
  if (first === undefined) {
    throw new CommandFailed(
      problemOf(search.unknown, `There is no ${search.noun} "${text}".`, {
        params: { text },
        remedy: `See what there is with: floe ${search.list}`,
      }),
    )
  }
  if (fitting.length === 1) return first
  const candidates = fitting.map((item) => `${item.id} (${search.describe(item)})`).join(', ')
  throw new CommandFailed(
    problemOf(search.ambiguous, `"${text}" fits more than one ${search.noun}: ${candidates}.`, {
      params: { text, candidates },
      remedy: 'Use the whole id.',
    }),
  )
}
