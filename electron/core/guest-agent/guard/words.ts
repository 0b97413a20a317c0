// What Floe and its guard say to each other over the guard's standard input and output, one line at a time. First comes
// the configuration, then words; the guard answers each with `ok`, or with `no` and a reason.
import type { QmpEndpoint } from '../../../../shared/domain/machine.ts'
import type { Danger, GuestAccess } from '../types.ts'

export interface GuardConfig {
  readonly guest: GuestAccess
  /** The record of what Floe did; removed when it is undone. */
  readonly record: string
  /** Stands in the record as long as it is this Floe's: a later one that takes it up writes its own. */
  readonly token: string
  /** Where the guard notes what it had to undo; null: nowhere. */
  readonly log: string | null
  /** How long between two attempts, in milliseconds. */
  readonly retryMs: number
}

export type GuardWord = `raise ${Danger}` | `lower ${Danger}` | 'done'

const isText = (value: unknown): value is string => typeof value === 'string'

function isEndpoint(value: unknown): value is QmpEndpoint | null {
  if (value === null) return true
  const { kind, path, host, port } = value as Record<string, unknown>
  return kind === 'unix' ? isText(path) : kind === 'tcp' && isText(host) && typeof port === 'number'
}

/** Null for a line that is no configuration. */
export function parseConfig(line: string): GuardConfig | null {
  try {
    const config = JSON.parse(line) as GuardConfig
    const { guest, record, token, log, retryMs } = config
    const isWhole =
      isText(record) && isText(token) && (log === null || isText(log)) && typeof retryMs === 'number' && retryMs > 0
    return isWhole && isText(guest.machineName) && isEndpoint(guest.agent) && isEndpoint(guest.qmp) ? config : null
  } catch {
    return null
  }
}

/** Null for a line that is no word. */
export function parseWord(line: string): { readonly verb: 'raise' | 'lower'; readonly danger: Danger } | 'done' | null {
  if (line === 'done') return 'done'
  const [, verb, danger] = /^(raise|lower) (frozen|stopped)$/.exec(line) ?? []
  return verb && danger ? { verb: verb as 'raise' | 'lower', danger: danger as Danger } : null
}
