import { resolve } from 'node:path'
import type { QmpEndpoint } from '../../../../shared/domain/machine.ts'
import { optionMap, parseOptions } from './option-syntax.ts'

const isOn = (value: string | undefined) => value !== undefined && /^(on|yes|true|y)$/.test(value)

/** A listening address as a client reaches it: QEMU on "any address" is reached on this machine's own. */
export function tcpEndpoint(host: string, port: string): QmpEndpoint | null {
  const number = Number(port)
  if (!Number.isInteger(number) || number < 1 || number > 65_535) return null
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  const reachable = bare === '' || bare === '0.0.0.0' ? '127.0.0.1' : bare === '::' ? '::1' : bare
  return { kind: 'tcp', host: reachable, port: number }
}

export function unixEndpoint(path: string, cwd: string | null): QmpEndpoint | null {
  if (path === '') return null
  if (path.startsWith('/')) return { kind: 'unix', path: resolve(path) }
  return cwd === null ? null : { kind: 'unix', path: resolve(cwd, path) }
}

/** `host:port` as QEMU takes it: `localhost:4444`, `:4444`, `[::1]:4444`. */
export function splitHostPort(text: string): { host: string; port: string } | null {
  const match = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(text)
  return match ? { host: match[1] ?? '', port: match[2] ?? '' } : null
}

/**
 * The address in the short form of `-qmp`, `-monitor` and `-serial`: `unix:path,server=on`, `tcp:host:port,server,nowait`.
 * Null when nobody can connect to it: `stdio`, `pty`, or a socket on which QEMU itself is the client.
 */
export function endpointOfDevice(device: string, cwd: string | null): QmpEndpoint | null {
  const [, kind, rest] = /^(unix|tcp|telnet):(.*)$/s.exec(device) ?? []
  if (kind === undefined || rest === undefined) return null
  if (kind === 'unix') {
    const options = optionMap(rest, 'path')
    return isOn(options.get('server')) && options.get('abstract') !== 'on'
      ? unixEndpoint(options.get('path') ?? '', cwd)
      : null
  }
  const [address, ...flags] = parseOptions(rest, 'address')
  const parts = address?.key === 'address' ? splitHostPort(address.value) : null
  const server = flags.find(({ key }) => key === 'server')
  return parts && isOn(server?.value) ? tcpEndpoint(parts.host, parts.port) : null
}

/** The address of a `-chardev socket,...`, in comma or JSON form. */
export function endpointOfChardev(options: ReadonlyMap<string, string>, cwd: string | null): QmpEndpoint | null {
  const of = (name: string) =>
    options.get(name) ?? options.get(`backend.data.addr.data.${name}`) ?? options.get(`backend.addr.${name}`)
  const backend = options.get('backend') ?? options.get('backend.type')
  if (backend !== 'socket') return null
  const server = options.get('server') ?? options.get('backend.data.server') ?? options.get('backend.server')
  // QAPI's default for `server` is on; the comma syntax's is off.
  if (!isOn(server) && !(server === undefined && options.has('backend.type'))) return null
  const path = of('path')
  if (path !== undefined) return options.get('abstract') === 'on' ? null : unixEndpoint(path, cwd)
  const port = of('port')
  return port === undefined ? null : tcpEndpoint(of('host') ?? '', port)
}

/** As the CLI and the registry write an endpoint. */
export function endpointText(endpoint: QmpEndpoint): string {
  if (endpoint.kind === 'unix') return endpoint.path
  return endpoint.host.includes(':') ? `[${endpoint.host}]:${endpoint.port}` : `${endpoint.host}:${endpoint.port}`
}

/** What a person typed: an absolute path, or HOST:PORT. Null when it is neither. */
export function parseEndpoint(text: string): QmpEndpoint | null {
  const bare = text.replace(/^unix:/, '')
  if (bare.startsWith('/')) return { kind: 'unix', path: resolve(bare) }
  const parts = splitHostPort(text.replace(/^tcp:/, ''))
  return parts ? tcpEndpoint(parts.host, parts.port) : null
}
