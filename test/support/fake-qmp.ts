import { createServer, type Server, type Socket } from 'node:net'
import type { QmpEndpoint } from '../../shared/domain/machine.ts'
import { tempDir } from './temp.ts'

export const greetingLine = `${JSON.stringify({
  QMP: { version: { qemu: { micro: 22, minor: 2, major: 7 }, package: '' }, capabilities: ['oob'] },
})}\n`

/** What the fake gets to answer with: one client's connection. */
export interface FakeClient {
  readonly socket: Socket
  send(message: unknown): void
  event(name: string, data?: Record<string, unknown>): void
}

export interface FakeCommand {
  readonly execute: string
  readonly arguments?: Record<string, unknown>
  readonly id: string
}

export interface FakeQmp extends AsyncDisposable {
  readonly endpoint: QmpEndpoint
  readonly path: string
  readonly received: FakeCommand[]
}

export type Behaviour =
  /** Does with a new connection what it likes. */
  | { readonly onConnect: (client: FakeClient) => void }
  /** Speaks QMP: greets, negotiates, and hands every other command over. */
  | { readonly onCommand: (command: FakeCommand, client: FakeClient) => void }

/** A server for the states that a real QEMU cannot be brought into at will. */
export async function fakeQmp(behaviour: Behaviour, kind: 'unix' | 'tcp' = 'unix'): Promise<FakeQmp> {
  const dir = tempDir('fk-')
  const path = dir.file('qmp')
  const received: FakeCommand[] = []
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    const client: FakeClient = {
      socket,
      send: (message) => socket.write(`${JSON.stringify(message)}\r\n`),
      event: (event, data = {}) => client.send({ event, data, timestamp: { seconds: 1, microseconds: 2000 } }),
    }
    if ('onConnect' in behaviour) return behaviour.onConnect(client)
    socket.write(greetingLine)
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString()
      const lines = text.split('\n')
      text = lines.pop() ?? ''
      for (const line of lines) {
        const command = JSON.parse(line) as FakeCommand
        received.push(command)
        if (command.execute === 'qmp_capabilities') client.send({ return: {}, id: command.id })
        else behaviour.onCommand(command, client)
      }
    })
  })
  await new Promise<void>((resolve) =>
    kind === 'unix' ? server.listen(path, resolve) : server.listen(0, '127.0.0.1', resolve),
  )
  const address = server.address()
  const endpoint: QmpEndpoint =
    typeof address === 'object' && address !== null
      ? { kind: 'tcp', host: '127.0.0.1', port: address.port }
      : { kind: 'unix', path }
  return {
    endpoint,
    path,
    received,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
      dir[Symbol.dispose]()
    },
  }
}
