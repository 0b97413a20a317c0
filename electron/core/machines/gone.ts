import type { ProblemCode } from '../../../shared/errors/codes.ts'

/** Errors of acquire() that mean that nothing answers for the machine any more. Its process may still run. */
export const goneCodes: ReadonlySet<ProblemCode> = new Set([
  'machine/off',
  'machine/unknown',
  'machine/no-socket',
  'machine/socket-missing',
  'machine/refused',
  'machine/not-a-socket',
])
