// `lsof -F`: one field per line, its first letter says which: p process, c command, f descriptor, d device, n name.

export interface OpenFile {
  readonly pid: number
  readonly program: string
  readonly descriptor: string
  readonly device: string
  readonly name: string
}

/** lsof writes bytes it does not take for printable as \xNN, and a backslash as \\. */
export function unescapeName(name: string): string {
  if (!name.includes('\\')) return name
  const bytes: Buffer[] = []
  for (const match of name.matchAll(/\\x([0-9a-f]{2})|\\([\\ntr])|[^\\]+|\\/gi)) {
    const [whole, hex, letter] = match
    if (hex !== undefined) bytes.push(Buffer.from([Number.parseInt(hex, 16)]))
    else if (letter !== undefined) bytes.push(Buffer.from({ n: '\n', t: '\t', r: '\r' }[letter] ?? '\\'))
    else bytes.push(Buffer.from(whole))
  }
  return Buffer.concat(bytes).toString('utf8')
}

export function parseFieldOutput(text: string): OpenFile[] {
  const files: OpenFile[] = []
  let pid = 0
  let program = ''
  let descriptor = ''
  let device = ''
  for (const line of text.split('\n')) {
    const value = line.slice(1)
    if (line[0] === 'p') {
      pid = Number(value)
      program = ''
    } else if (line[0] === 'c') program = unescapeName(value)
    else if (line[0] === 'f') {
      descriptor = value
      device = ''
    } else if (line[0] === 'd') device = value
    else if (line[0] === 'n') files.push({ pid, program, descriptor, device, name: unescapeName(value) })
  }
  return files
}

/** Working folders by process, from `lsof -a -p PIDS -d cwd -Fn`. */
export function workingFolders(text: string): Map<number, string> {
  return new Map(parseFieldOutput(text).map(({ pid, name }) => [pid, name]))
}

const ownTools = /^qemu-(img|io|nbd)$/

/** @param asked real path -> path as the caller named it */
export function holdersIn(files: readonly OpenFile[], asked: ReadonlyMap<string, string>, own: ReadonlySet<number>) {
  const holders = new Map<string, { pid: number; program: string; path: string }>()
  for (const { pid, program, name } of files) {
    if (own.has(pid) || ownTools.test(program)) continue
    const path = asked.get(name) ?? name
    holders.set(`${pid} ${path}`, { pid, program, path })
  }
  return [...holders.values()]
}

/**
 * The other end of a connection on a unix socket. In `lsof -U` a server's descriptors carry the path and each
 * connection's other end is named `->0x...`, the device of its peer.
 */
export function peerOf(
  files: readonly OpenFile[],
  paths: readonly string[],
  ownPid: number,
): { pid: number; program: string } | null {
  const servers = files.filter(({ name }) => paths.includes(name))
  const serverPids = new Set(servers.map(({ pid }) => pid))
  const devices = new Set(servers.map(({ device }) => device).filter((device) => device !== ''))
  for (const { name, pid, program } of files) {
    const target = /^->(0x[0-9a-f]+)$/i.exec(name)?.[1]
    if (target === undefined || !devices.has(target) || pid === ownPid || serverPids.has(pid)) continue
    return { pid, program }
  }
  return null
}
