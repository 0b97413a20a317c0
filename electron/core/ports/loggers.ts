import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Logger } from './index.ts'

type Level = 'info' | 'warn' | 'error'
const rank: Record<Level, number> = { info: 0, warn: 1, error: 2 }

function lineOf(level: Level, text: string, fields: Readonly<Record<string, unknown>> | undefined): string {
  const plain = (_key: string, value: unknown) =>
    value instanceof Error ? { message: value.message, stack: value.stack } : value
  const details = fields && Object.keys(fields).length > 0 ? ` ${textOf(fields, plain)}` : ''
  return `${new Date().toISOString()} ${level.padEnd(5)} ${text}${details}\n`
}

/** Never throws: whoever logs is often busy telling of something worse. */
function textOf(fields: object, plain: (key: string, value: unknown) => unknown): string {
  try {
    return JSON.stringify(fields, plain)
  } catch (error) {
    return `(${Object.keys(fields).join(', ')}: cannot be shown, ${String(error)})`
  }
}

function loggerOf(write: (level: Level, line: string) => void): Logger {
  const at = (level: Level) => (text: string, fields?: Readonly<Record<string, unknown>>) =>
    write(level, lineOf(level, text, fields))
  return { info: at('info'), warn: at('warn'), error: at('error') }
}

/** Writes to standard error, so that a command's output stays clean; only what is at least `least`. */
export function createConsoleLogger(least: Level = 'warn'): Logger {
  return loggerOf((level, line) => {
    if (rank[level] >= rank[least]) process.stderr.write(line)
  })
}

/**
 * Appends to a file; at `maxBytes` it becomes `<file>.1` and a new one begins. A log that cannot be written never stops
 * the work: the line goes to standard error instead.
 */
export function createFileLogger(file: string, maxBytes = 5 << 20): Logger {
  let size = -1
  const open = () => {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  }
  return loggerOf((_level, line) => {
    try {
      if (size < 0) open()
      // Several processes share the file: another one may have begun a new one already.
      if (size > maxBytes) open()
      if (size > maxBytes) {
        renameSync(file, `${file}.1`)
        size = 0
      }
      appendFileSync(file, line, { mode: 0o600 })
      size += Buffer.byteLength(line)
    } catch (error) {
      process.stderr.write(`${line}(The log ${file} cannot be written: ${String(error)})\n`)
    }
  })
}
