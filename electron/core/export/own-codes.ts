// Exports read disks and freeze guests with the same parts as backups, and those name their problems after backups. Said
// of an export, most of what belongs to such a name would be untrue: so it gets the name that exports have for it.
import type { ProblemCode } from '../../../shared/errors/codes.ts'
import { FloeError } from '../errors.ts'

const ownCodes: Partial<Readonly<Record<ProblemCode, ProblemCode>>> = {
  'backup/no-disks': 'export/no-disks',
  'backup/disk-unknown': 'export/disk-unknown',
  'backup/disk-excluded': 'export/disk-excluded',
  'backup/freeze-required': 'export/freeze-required',
  'backup/started-while-off': 'export/started-while-off',
  'backup/changed-while-off': 'export/changed-while-off',
}

/** The same error with the code of an export; other errors stay as they are. */
export function withOwnCode(error: unknown): unknown {
  if (!(error instanceof FloeError)) return error
  const { message, params, remedy, cause } = error
  const code = ownCodes[error.code]
  if (code === undefined) return error
  return new FloeError(code, message, { params, ...(remedy === null ? {} : { remedy }), cause })
}
