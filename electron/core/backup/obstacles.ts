// What stands in the way of a backup and may pass by itself: the destination, the machine, its monitor, or another
// program's job on a disk.
import type { ProblemCode } from '../../../shared/errors/codes.ts'
import { FloeError, toProblem } from '../errors.ts'
import type { WaitingState } from '../jobs/types.ts'

const kinds: Partial<Record<ProblemCode, WaitingState['for']>> = {
  'destination/missing': 'destination',
  'destination/locked': 'destination',
  'destination/other-disk': 'destination',
  'destination/in-use': 'destination',
  'machine/off': 'machine',
  'machine/socket-missing': 'machine',
  'machine/refused': 'machine',
  'machine/busy': 'monitor',
  'machine/silent': 'monitor',
  'machine/timeout': 'monitor',
  'machine/interrupted': 'monitor',
  'backup/job-clash': 'disk-job',
}

/** The error as something to wait for; null when waiting would not help. */
export function obstacleOf(error: unknown): WaitingState | null {
  if (!(error instanceof FloeError)) return null
  const waitsFor = kinds[error.code]
  return waitsFor === undefined ? null : { kind: 'waiting', for: waitsFor, problem: toProblem(error) }
}
