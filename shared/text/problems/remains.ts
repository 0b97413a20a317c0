import type { Problem } from '../../errors/problem.ts'

/** What became of the unfinished copy of a backup; null while nobody has tried to remove it. */
export function remainsOf(problem: Problem): string | null {
  switch (problem.params.partialRemoved) {
    case true:
      return 'The unfinished copy was removed.'
    case false:
      return 'The unfinished copy couldn’t be removed; it doesn’t count as a restore point.'
    default:
      return null
  }
}
