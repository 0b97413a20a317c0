// Reads a QEMU start command as far as Floe needs it: does it have a QMP socket, and what is the machine called?

export type StartCommandReading =
  | { readonly kind: 'empty' }
  | { readonly kind: 'not-qemu' }
  /** `path`: the socket's path or HOST:PORT. */
  | { readonly kind: 'has-socket'; readonly path: string }
  | { readonly kind: 'needs-option'; readonly option: string }

export function readStartCommand(command: string): StartCommandReading {
  const words = shellWords(command)
  if (words.length === 0) return { kind: 'empty' }
  if (!words.some((word) => /(^|\/)qemu(-system-[a-z0-9_]+|-kvm)?$/.test(word))) return { kind: 'not-qemu' }
  const path = socketOf(words)
  if (path !== null) return { kind: 'has-socket', path }
  const file = nameOf(words).replace(/[^A-Za-z0-9._-]+/g, '-')
  return { kind: 'needs-option', option: `-qmp unix:$HOME/.qmp/${file}.sock,server=on,wait=off` }
}

function optionValue(words: readonly string[], ...options: readonly string[]): string | null {
  const index = words.findIndex((word) => options.includes(word.replace(/^--/, '-')))
  return index === -1 ? null : (words[index + 1] ?? null)
}

function nameOf(words: readonly string[]): string {
  const first = optionValue(words, '-name')
    ?.split(',')[0]
    ?.replace(/^guest=/, '')
  return first === undefined || first === '' ? 'machine' : first
}

function socketOf(words: readonly string[]): string | null {
  const value = optionValue(words, '-qmp', '-qmp-pretty')
  if (value === null) return null
  // QEMU writes a comma inside a path as two.
  const [address = ''] = value.replaceAll(',,', '\u0000').split(',')
  const plain = address.replaceAll('\u0000', ',')
  if (plain.startsWith('unix:')) return plain.slice('unix:'.length)
  return /^(tcp|telnet):/.test(plain) ? plain.replace(/^(tcp|telnet):/, '').replace(/^:/, '127.0.0.1:') : null
}

/** Splits like a shell: quotes, backslashes and continued lines; nothing is expanded. */
export function shellWords(text: string): readonly string[] {
  const words: string[] = []
  let word: string | null = null
  let quote: '"' | "'" | null = null
  const characters = [...text.replaceAll(/\\\r?\n/g, ' ')]
  for (let index = 0; index < characters.length; index += 1) {
    const character = characters[index] ?? ''
    if (quote !== null) {
      if (character === quote) quote = null
      else word = (word ?? '') + character
    } else if (character === '"' || character === "'") {
      quote = character
      word ??= ''
    } else if (character === '\\') {
      index += 1
      word = (word ?? '') + (characters[index] ?? '')
    } else if (/\s/.test(character)) {
      if (word !== null) words.push(word)
      word = null
    } else word = (word ?? '') + character
  }
  if (word !== null) words.push(word)
  return words
}
