// The `floe …` command that equals an action in the window, for "Show Command" (ux.md 5, "CLI parity"). Quoted for a
// POSIX shell, so that pasting it does exactly what the button does.
import type { RetentionPolicy } from '../domain/retention.ts'

/** Quotes one word for a POSIX shell; plain words stay plain. */
export function shellQuote(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

function line(...words: readonly string[]): string {
  return ['floe', ...words].map(shellQuote).join(' ')
}

export interface BackupCommand {
  readonly machine: string
  readonly destination: string | null
  /** Null: all disks that can be backed up. */
  readonly disks: readonly string[] | null
  /** Bytes per second; null as the settings say. */
  readonly limit: number | null
  /** Copy everything, whatever is tracked. */
  readonly full?: boolean
  /** Left out: true. */
  readonly check?: boolean
  /** Compare the finished point with the instant. */
  readonly prove?: boolean
  /** Left out: as the settings say. */
  readonly freeze?: 'never' | 'required' | 'as-set'
  /** Wait for what is in the way instead of failing. */
  readonly whenPossible?: boolean
}

/** `floe backup debian-dev --to 'Samsung T7' --disk vda --limit 50M --no-freeze` */
export function backupCommand(wanted: BackupCommand): string {
  const { machine, destination, disks, limit, check = true, freeze = 'as-set', whenPossible = false } = wanted
  const { full = false, prove = false } = wanted
  return line(
    'backup',
    machine,
    ...(destination === null ? [] : ['--to', destination]),
    ...(disks ?? []).flatMap((disk) => ['--disk', disk]),
    ...(full ? ['--full'] : []),
    ...(limit === null ? [] : ['--limit', rateWord(limit)]),
    ...(check ? [] : ['--no-check']),
    ...(prove ? ['--prove'] : []),
    ...(freeze === 'never' ? ['--no-freeze'] : freeze === 'required' ? ['--require-freeze'] : []),
    ...(whenPossible ? ['--when-possible'] : []),
  )
}

/** 50,000,000 is `50M`; what is no whole megabyte stays in bytes. */
export function rateWord(bytesPerSecond: number): string {
  return bytesPerSecond % 1_000_000 === 0 ? `${bytesPerSecond / 1_000_000}M` : String(bytesPerSecond)
}

export function swapCommand(pointId: string): string {
  return line('restore', pointId, '--swap')
}

export function newImageCommand(pointId: string, directory: string, format: 'qcow2' | 'raw'): string {
  return line('restore', pointId, '--to', directory, '--format', format)
}

export function undoCommand(restoreId: string): string {
  return line('undo', restoreId)
}

export function verifyCommand(pointId: string, level: 'structure' | 'content'): string {
  return line('verify', pointId, '--level', level)
}

/** `evenProtected`: also those that are asked for twice. */
export function deleteCommand(pointIds: readonly string[], evenProtected = false): string {
  return line('delete', ...pointIds, ...(evenProtected ? ['--even-protected'] : []))
}

/** `floe prune debian-dev --to 'Samsung T7' --keep-last 6 --keep-daily 7`; parts that keep none are left out. */
export function pruneCommand(machine: string, destination: string | null, policy: RetentionPolicy): string {
  const parts = Object.entries(policy).filter(([, count]) => count > 0)
  return line(
    'prune',
    machine,
    ...(destination === null ? [] : ['--to', destination]),
    ...parts.flatMap(([part, count]) => [`--keep-${part}`, String(count)]),
  )
}
