// QEMU's options in a command that was split into words: values by name, and the parameters inside a value.

/** A socket's path, or HOST:PORT. */
export type Address = string

/** The values of these options, in order; QEMU takes them with one dash or two. */
export function valuesOf(words: readonly string[], ...names: readonly string[]): readonly string[] {
  return words.flatMap((word, index) => {
    const value = words[index + 1]
    return value !== undefined && names.some((name) => word === `-${name}` || word === `--${name}`) ? [value] : []
  })
}

/** `first` names the one that may come without a name. QEMU writes a comma inside a value as two. */
export function parametersOf(value: string, first: string): ReadonlyMap<string, string> {
  const parts = value.replaceAll(',,', '\u0000').split(',')
  return new Map(
    parts.map((part, index): [string, string] => {
      const plain = part.replaceAll('\u0000', ',')
      const at = plain.indexOf('=')
      return at === -1
        ? [index === 0 ? first : plain, index === 0 ? plain : 'on']
        : [plain.slice(0, at), plain.slice(at + 1)]
    }),
  )
}

/** `unix:PATH,server=on` or `tcp:HOST:PORT,…`; null for what Floe cannot reach. */
export function addressOf(value: string): Address | null {
  const [first = ''] = value.replaceAll(',,', '\u0000').split(',')
  const plain = first.replaceAll('\u0000', ',')
  if (plain.startsWith('unix:')) return plain.slice('unix:'.length)
  return /^(tcp|telnet):/.test(plain) ? plain.replace(/^(tcp|telnet):/, '').replace(/^:/, '127.0.0.1:') : null
}
