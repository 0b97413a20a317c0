// X1 (ux.md 3.3): the guest has not confirmed its thaw. The loudest alarm there is.
import type { Machine } from '../../domain/machine.ts'
import { speakDuration } from '../../format/duration.ts'
import { shorten } from '../problems/problem-text.ts'

export interface FrozenAlarm {
  readonly title: string
  /** "The guest hasn’t confirmed the thaw for", followed by how long. */
  readonly lead: string
  /** "12 seconds" */
  readonly since: string
  readonly rest: string
}

/** The alarm's words; null while nothing Floe froze waits for its thaw. `now` in milliseconds. */
export function frozenAlarm(machine: Pick<Machine, 'name' | 'mayBeFrozenSince'>, now: number): FrozenAlarm | null {
  if (machine.mayBeFrozenSince === null) return null
  const seconds = Math.max(0, Math.floor((now - Date.parse(machine.mayBeFrozenSince)) / 1000))
  return {
    title: shorten(machine.name, (name) => `${name} may still be frozen`),
    lead: 'The guest hasn’t confirmed the thaw for',
    since:
      seconds < 1
        ? 'a moment'
        : seconds < 60
          ? `${seconds} ${seconds === 1 ? 'second' : 'seconds'}`
          : speakDuration(seconds * 1000),
    rest: 'Programs in it can hang until then. Floe keeps trying.',
  }
}
