import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'

/** Changes one byte in the middle of the first place where a file holds `pattern`. */
export function flipByte(path: string, pattern: Buffer): void {
  const at = readFileSync(path).indexOf(pattern) + (pattern.length >> 1)
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.from([(pattern[pattern.length >> 1] ?? 0) ^ 1]), 0, 1, at)
  closeSync(file)
}
