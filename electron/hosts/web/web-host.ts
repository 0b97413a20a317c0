// The web host: the same window, in a browser of this machine. It listens on 127.0.0.1 only, lets a browser in by a
// one-time ticket in the URL (`tickets.ts`), checks Host and Origin of every request (`request-checks.ts`), and speaks
// the contract over one WebSocket (`page-socket.ts`).
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { FloeError } from '../../core/errors.ts'
import type { GatePorts } from '../../core/gate/call.ts'
import type { FloeClient } from '../../core/gate/client.ts'
import { withHostCalls } from '../../core/gate/host-calls.ts'
import { contentSecurityPolicy, newNonce, safetyHeaders } from '../page/content-security-policy.ts'
import { listRendererFiles, type RendererFiles } from '../page/renderer-files.ts'
import { servePageSockets } from './page-socket.ts'
import { refusalPage } from './refusal-page.ts'
import { type Address, addressOf, comesFromUs, sessionOf } from './request-checks.ts'
import { Tickets } from './tickets.ts'

export interface WebHost {
  /** Opens Floe in one browser, once. */
  readonly url: string
  /** Another such address, for a second browser. */
  newUrl(): string
  /** Ends all connections. */
  close(): Promise<void>
}

export interface WebHostOptions {
  readonly client: FloeClient
  /** The built renderer: `out/renderer`. */
  readonly rendererDir: string
  readonly ports: GatePorts
  /** Default: any free port. */
  readonly port?: number
}

/** Starts serving. Rejects with the system's error when the port is taken or the renderer was not built. */
export async function startWebHost(options: WebHostOptions): Promise<WebHost> {
  const { ports } = options
  const files = await listRendererFiles(options.rendererDir)
  const client = withHostCalls(options.client, {
    handlers: {
      'host.chooseFolder': async () => ({ path: null }),
      'host.showInFolder': async ({ path }) => {
        throw new FloeError('ipc/forbidden', `A browser can't show ${path} in the file manager.`, { params: { path } })
      },
      'host.openPrivacySettings': async () => {
        throw new FloeError('ipc/forbidden', "A browser can't open the system's settings.", {})
      },
    },
    can: { chooseFolder: false, showInFolder: false },
    ports,
  })
  const tickets = new Tickets()
  const server = createServer({ maxHeaderSize: 16 << 10, requestTimeout: 30_000 })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', () => {
      server.removeListener('error', reject)
      resolve()
    })
  })
  const address = addressOf((server.address() as AddressInfo).port)
  server.on('request', (request, response) => {
    void answer(request, response, { address, tickets, files }).catch((error: unknown) => {
      ports.logger.error('A page could not be served', { url: pathOf(request), error: String(error) })
      response.destroy()
    })
  })
  const closeSockets = servePageSockets(server, client, ports, (request) => {
    return comesFromUs(request, address, true) && tickets.isSession(sessionOf(request, address))
  })
  const newUrl = () => `${address.origin}/?ticket=${tickets.issue()}`
  return {
    url: newUrl(),
    newUrl,
    close: async () => {
      closeSockets()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}

interface Site {
  readonly address: Address
  readonly tickets: Tickets
  readonly files: RendererFiles
}

/** The path alone: what follows may be a ticket, which belongs into no log. */
const pathOf = (request: IncomingMessage): string => (request.url ?? '/').split('?', 1)[0] ?? '/'

async function answer(request: IncomingMessage, response: ServerResponse, site: Site): Promise<void> {
  const { address, tickets, files } = site
  const nonce = newNonce()
  const send = (status: number, headers: Record<string, string>, body: string | Uint8Array) => {
    response.writeHead(status, {
      ...safetyHeaders,
      'content-security-policy': contentSecurityPolicy(nonce, [`ws://${address.host}`]),
      ...headers,
    })
    response.end(request.method === 'HEAD' ? undefined : body)
  }
  const refuse = (status: number, reason: Parameters<typeof refusalPage>[0]) =>
    send(status, { 'content-type': 'text/html; charset=utf-8' }, refusalPage(reason))

  if (!comesFromUs(request, address, false)) return refuse(403, 'wrong-address')
  if (request.method !== 'GET' && request.method !== 'HEAD') return send(405, { allow: 'GET, HEAD' }, '')

  const ticket = new URL(request.url ?? '/', address.origin).searchParams.get('ticket')
  const signedIn = tickets.isSession(sessionOf(request, address))
  if (ticket !== null) {
    const session = request.method === 'GET' ? tickets.redeem(ticket) : null
    if (session === null && !signedIn) return refuse(403, 'used-ticket')
    const cookie = `${address.cookie}=${session}; HttpOnly; SameSite=Strict; Path=/`
    return send(303, { location: '/', ...(session === null ? {} : { 'set-cookie': cookie }) }, '')
  }
  if (!signedIn) return refuse(403, 'no-session')

  const file = await files.read(pathOf(request), nonce)
  if (file === null) return refuse(404, 'not-found')
  return send(200, { 'content-type': file.type, 'content-length': String(file.body.length) }, file.body)
}
