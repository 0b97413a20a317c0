import type { IncomingMessage, Server } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'
import type { GatePorts } from '../../core/gate/call.ts'
import type { FloeClient } from '../../core/gate/client.ts'
import { serveClient } from '../../core/gate/serve.ts'

const largestMessage = 1 << 20
const mostUnsent = 64 << 20

/**
 * Serves the contract to pages over WebSockets at `/bridge`. `isAllowed` decides before the handshake; others get 403.
 * Answers the function that ends all of them.
 */
export function servePageSockets(
  server: Server,
  client: FloeClient,
  ports: GatePorts,
  isAllowed: (request: IncomingMessage) => boolean,
): () => void {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: largestMessage, perMessageDeflate: false })
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    if (request.url !== '/bridge' || !isAllowed(request)) {
      ports.logger.warn('A WebSocket was refused', { origin: request.headers.origin, host: request.headers.host })
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, (page) => serve(page, client, ports))
  })
  return () => {
    for (const page of sockets.clients) page.terminate()
    sockets.close()
  }
}

function serve(page: WebSocket, client: FloeClient, ports: GatePorts): void {
  const served = serveClient(client, (message) => {
    if (page.readyState !== page.OPEN) return
    page.send(JSON.stringify(message))
    if (page.bufferedAmount > mostUnsent) page.terminate()
  })
  page.on('message', (data, isBinary) => {
    const message = isBinary ? undefined : parsed(String(data))
    if (!served.receive(message)) page.close(1008, 'not a message of Floe')
  })
  page.on('error', (error) => ports.logger.warn('A page connection broke', { error: error.message }))
  page.on('close', () => served.close())
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
