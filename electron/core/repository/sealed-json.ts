import { createHash } from 'node:crypto'

export type JsonObject = Readonly<Record<string, unknown>>

/** JSON with the keys of every object in code-unit order and no white space: the text that checksums are taken of. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value ?? null)
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`
}

/** SHA-256, in hex, of the canonical JSON without the key `checksum`. */
export function checksumOf(value: JsonObject): string {
  const { checksum: _, ...rest } = value
  return createHash('sha256').update(canonicalJson(rest)).digest('hex')
}

/** Text of a JSON file for people and programs, with its checksum as the last key. */
export function seal(value: JsonObject): string {
  const { checksum: _, ...rest } = value
  return `${JSON.stringify({ ...rest, checksum: checksumOf(value) }, null, 2)}\n`
}

export type Unsealed =
  | { readonly kind: 'sound'; readonly value: JsonObject }
  | { readonly kind: 'newer'; readonly version: number; readonly value: JsonObject }
  | { readonly kind: 'broken'; readonly reason: string }

/**
 * Reads a sealed file. `newer` before the checksum: how a later version seals is not ours to know.
 * `reason` is a sentence about "It" (the file).
 */
export function unseal(text: string, format: string, newestVersion: number): Unsealed {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { kind: 'broken', reason: text.trim() === '' ? 'It is empty.' : 'It is cut off or not JSON.' }
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return { kind: 'broken', reason: 'It holds something else than Floe writes.' }
  }
  const object = value as JsonObject
  if (object.format !== format) return { kind: 'broken', reason: 'It is not in the format that Floe writes.' }
  if (typeof object.version !== 'number' || !Number.isInteger(object.version) || object.version < 1) {
    return { kind: 'broken', reason: 'It has no valid version.' }
  }
  if (object.version > newestVersion) return { kind: 'newer', version: object.version, value: object }
  if (object.checksum !== checksumOf(object)) {
    return { kind: 'broken', reason: 'It was changed after Floe wrote it: its checksum does not fit.' }
  }
  return { kind: 'sound', value: object }
}
