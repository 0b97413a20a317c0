// Prepared, Frozen, Compared, Copying, Proven, Checking, Recorded: the phases of a backup in words (ux.md 4).
import type { PhaseName } from '../../domain/job.ts'

/** A phase without a label of its own. */
export const phaseWords: Readonly<Record<PhaseName, string>> = {
  prepared: 'Prepared',
  frozen: 'Frozen',
  compared: 'Compared',
  copying: 'Copying',
  proven: 'Proven',
  checking: 'Checking',
  recorded: 'Recorded',
}

/** The phase's label, in words that say so when it was skipped. */
export function phaseLabel(phase: { name: PhaseName; state: string; label: string | null }): string {
  if (phase.label !== null) return phase.label
  if (phase.name === 'frozen' && phase.state === 'current') return 'Freezing'
  if (phase.name === 'compared' && phase.state === 'current') return 'Comparing'
  if (phase.name === 'proven' && phase.state === 'current') return 'Proving'
  if (phase.state !== 'skipped') return phaseWords[phase.name]
  return phase.name === 'frozen'
    ? 'Not frozen'
    : phase.name === 'checking'
      ? 'Not checked'
      : `${phaseWords[phase.name]}: skipped`
}
