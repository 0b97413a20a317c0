import type { PreflightCheck } from '../../../shared/domain/restore.ts'
import type { FloeError } from '../errors.ts'

/** A row of the pre-flight list, and the error that a click would meet when the row blocks. */
export interface Finding {
  readonly row: PreflightCheck
  readonly error: FloeError | null
}

type Check = PreflightCheck['check']

export function fine(check: Check, title: string, detail: string): Finding {
  return { row: { check, result: 'ok', title, detail, remedy: null }, error: null }
}

export function warning(check: Check, title: string, detail: string, remedy: PreflightCheck['remedy'] = null): Finding {
  return { row: { check, result: 'warning', title, detail, remedy }, error: null }
}

export function blocked(
  check: Check,
  title: string,
  error: FloeError,
  remedy: PreflightCheck['remedy'] = null,
): Finding {
  return { row: { check, result: 'blocked', title, detail: error.message, remedy }, error }
}

/** @throws FloeError of the first finding that blocks */
export function assertClear(findings: readonly Finding[]): void {
  for (const { error } of findings) if (error !== null) throw error
}
