import { setTimeout as wait } from 'node:timers/promises'
import type { Problem } from '../../../shared/errors/problem.ts'
import { FloeError } from '../errors.ts'
import { NbdConnectionError, NbdServerError } from '../nbd/errors.ts'
import type { ExportRecord } from './journal.ts'
import { readerSocket } from './readers.ts'
import { Samples } from './watch.ts'

const watchEveryMs = 1_000

/**
 * Until the export is let go. It is looked at once more after that: what was read is good only if it is whole still.
 * @throws FloeError when the instant is lost, and what `check` throws
 */
export async function holdUntil(
  ended: AbortSignal,
  record: ExportRecord,
  names: readonly string[],
  check: () => Promise<void>,
): Promise<void> {
  using samples = await Samples.open(readerSocket(record), names).catch((error: unknown) => {
    throw unreadable(record.machineName, error)
  })
  for (let last = false; ; last = ended.aborted) {
    await check()
    await samples.check(record.machineName)
    if (last) return
    if (!ended.aborted) await wait(watchEveryMs, undefined, { signal: ended }).catch(() => {})
  }
}

/** What kept a reader from an export, in words; other errors stay as they are. */
export function unreadable(machineName: string, error: unknown): unknown {
  if (!(error instanceof NbdConnectionError || error instanceof NbdServerError)) return error
  return new FloeError('export/ended', `The export of ${machineName} can't be read: ${error.message}`, {
    params: { machine: machineName },
    cause: error,
  })
}

/** A problem that was told, thrown again. */
export function errorOf({ code, message, params, remedy }: Problem): FloeError {
  return new FloeError(code, message, { params, ...(remedy === null ? {} : { remedy }) })
}
