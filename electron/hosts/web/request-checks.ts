import type { IncomingMessage } from 'node:http'

/** The one address a web host answers to. The name `localhost` is refused: it may resolve to somebody else's server. */
export interface Address {
  /** `127.0.0.1:PORT` */
  readonly host: string
  readonly origin: string
  /** Ports of one machine share cookies, so the name carries the port. */
  readonly cookie: string
}

export function addressOf(port: number): Address {
  const host = `127.0.0.1:${port}`
  return { host, origin: `http://${host}`, cookie: `floe-${port}` }
}

/** Keeps out pages that reach us under a name of their own (DNS rebinding), and pages of other origins. */
export function comesFromUs(request: IncomingMessage, address: Address, needsOrigin: boolean): boolean {
  if (request.headers.host !== address.host) return false
  const { origin } = request.headers
  return origin === undefined ? !needsOrigin : origin === address.origin
}

/** The session in the request's cookie; null when there is none. */
export function sessionOf(request: IncomingMessage, address: Address): string | null {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [name, value] = part.trim().split('=', 2)
    if (name === address.cookie && value !== undefined) return value
  }
  return null
}
