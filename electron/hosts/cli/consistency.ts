import type { JobInstant } from '../../../shared/domain/job.ts'
import type { Point } from '../../../shared/domain/point.ts'
import { consistencyMark, partialWords } from '../../../shared/text/consistency-words.ts'

type Known = Pick<Point, 'consistency' | 'consistencyReason' | 'freeze'>

/** "frozen 84 ms", "frozen 84 ms: only /data", "crash-consistent: The machine has no channel to a guest agent", "offline". */
export function consistencyText({ consistency, consistencyReason, freeze }: Known): string {
  const word = consistencyMark({ consistency, freeze: freeze ?? null }).text
  const name = word.slice(0, 1).toLowerCase() + word.slice(1)
  const more = consistencyReason?.replace(/\.$/, '') ?? (freeze ? partialWords(freeze) : null)
  return more === null ? name : `${name}: ${more}`
}

export const instantText = ({ consistency, reason, freeze }: JobInstant): string =>
  consistencyText({ consistency, consistencyReason: reason, freeze })
