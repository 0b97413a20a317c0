// How this window words sizes and times: the user's units, the system's language, the current moment.
import { useMemo } from 'react'
import type { Units } from '../../../shared/format/bytes.ts'
import type { DateStyle } from '../../../shared/format/dates.ts'
import { useSettings } from './selectors.ts'
import { useNow } from './window-state.tsx'

export interface WordStyle extends DateStyle {
  readonly units: Units
}

/** The style for shared/format and shared/text; `now` is renewed every `every` ms. */
export function useWordStyle(every = 30_000): WordStyle {
  const now = useNow(every)
  const { units } = useSettings()
  return useMemo(() => ({ now: new Date(now), units }), [now, units])
}
