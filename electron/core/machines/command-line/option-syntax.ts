/** One `key=value` of a QEMU option such as `unix:/tmp/q,server=on`. */
export interface OptionEntry {
  readonly key: string
  readonly value: string
}

/** Splits at single commas; a doubled comma is one comma of the value (qemu's util/qemu-option.c). */
function splitAtCommas(text: string): string[] {
  const parts: string[] = []
  let part = ''
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] !== ',') part += text[at]
    else if (text[at + 1] === ',') {
      part += ','
      at += 1
    } else {
      parts.push(part)
      part = ''
    }
  }
  return [...parts, part]
}

function entryOf(part: string): OptionEntry {
  const equals = part.indexOf('=')
  if (equals >= 0) return { key: part.slice(0, equals), value: part.slice(equals + 1) }
  // A bare word switches on; `nowait` and its like switch off.
  if (/^no[a-z]/.test(part) && part !== 'node-name') return { key: part.slice(2), value: 'off' }
  return { key: part, value: 'on' }
}

/**
 * Reads QEMU's comma syntax. With `impliedKey`, a first part without `=` is that key's value, as QEMU takes it
 * (`-name guest` is `guest=guest`).
 */
export function parseOptions(text: string, impliedKey?: string): OptionEntry[] {
  if (text === '') return []
  const [first = '', ...rest] = splitAtCommas(text)
  const beforeComma = text.split(',', 1)[0] ?? ''
  const implied = impliedKey !== undefined && !beforeComma.includes('=')
  return [implied ? { key: impliedKey, value: first } : entryOf(first), ...rest.map(entryOf)]
}

/** Writes entries so that QEMU, and `parseOptions`, read the same back. */
export function renderOptions(entries: readonly OptionEntry[]): string {
  return entries.map(({ key, value }) => `${key}=${value.replaceAll(',', ',,')}`).join(',')
}

function flatten(value: unknown, path: string, into: OptionEntry[]): void {
  if (value !== null && typeof value === 'object') {
    for (const [key, inner] of Object.entries(value)) flatten(inner, path === '' ? key : `${path}.${key}`, into)
  } else if (value !== null && value !== undefined) {
    into.push({ key: path, value: value === true ? 'on' : value === false ? 'off' : String(value) })
  }
}

/** Comma syntax or JSON (`-blockdev`, `-device`, `-object`), as one flat map: `file.filename` -> path. Last one wins. */
export function optionMap(text: string, impliedKey?: string): ReadonlyMap<string, string> {
  const entries: OptionEntry[] = []
  if (text.startsWith('{')) {
    try {
      flatten(JSON.parse(text), '', entries)
    } catch {
      // Not JSON after all (a joined command line may cut it): nothing can be read from it.
      return new Map()
    }
  } else entries.push(...parseOptions(text, impliedKey))
  return new Map(entries.map(({ key, value }) => [key, value]))
}
