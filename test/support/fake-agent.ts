import { createServer, type Socket } from 'node:net'
import type { QmpEndpoint } from '../../shared/domain/machine.ts'
import { tempDir } from './temp.ts'

type Command = { readonly execute: string; readonly arguments?: Readonly<Record<string, unknown>> }
type Reply = { readonly return: unknown } | { readonly error: { readonly class: string; readonly desc: string } }

export interface FakeAgent extends AsyncDisposable {
  readonly endpoint: QmpEndpoint
  readonly path: string
  /** Names of the commands it carried out. */
  readonly done: string[]
  /** Names of the commands it has read. */
  readonly received: string[]
  /** How many file systems are frozen right now. */
  frozen: number
  /** What is mounted in its guest. */
  mounted: readonly { readonly name: string; readonly mountpoint: string; readonly type: string }[]
  /** What it does instead of the usual; a promise keeps everything after it waiting, as in the real one. */
  readonly instead: Map<string, (command: Command) => Reply | Promise<Reply>>
  /** As SIGSTOP does: what comes in waits. */
  stop(): void
  continue(): void
  /** QEMU ends: the socket is closed; its file stays, as after SIGKILL. */
  vanish(): Promise<void>
}

export const refusal = (desc: string, kind = 'GenericError'): Reply => ({ error: { class: kind, desc } })

/** An agent with two file systems behind a socket that serves one client at a time, as QEMU's does. */
export async function fakeAgent(path?: string): Promise<FakeAgent> {
  const dir = tempDir('fa-')
  const place = path ?? dir.file('agent')
  const instead: FakeAgent['instead'] = new Map()
  const done: string[] = []
  const received: string[] = []
  let frozen = 0
  let mounted: FakeAgent['mounted'] = [
    { name: 'vda1', mountpoint: '/', type: 'ext4' },
    { name: 'vda2', mountpoint: '/boot/efi', type: 'vfat' },
    { name: 'vdb', mountpoint: '/srv', type: 'xfs' },
  ]
  let stopped = false
  let current: Socket | null = null
  const waiting: Socket[] = []
  let unread = Buffer.alloc(0)
  const queue: Command[] = []
  let working = false

  /** Passes over what it does not know and what cannot be frozen, and counts each file system once, as the real one. */
  const freezes = (mountpoints: unknown): number => {
    const chosen = mounted.filter(({ mountpoint }) => !Array.isArray(mountpoints) || mountpoints.includes(mountpoint))
    return new Set(chosen.filter(({ type }) => type !== 'vfat').map(({ name }) => name)).size
  }
  const usual = ({ execute, arguments: args }: Command): Reply => {
    switch (execute) {
      case 'guest-ping':
        return { return: {} }
      case 'guest-info':
        return { return: { version: '8.0', supported_commands: [{ name: 'guest-ping', enabled: true }] } }
      case 'guest-get-fsinfo':
        return { return: mounted.map((one) => ({ ...one, disk: [] })) }
      case 'guest-fsfreeze-status':
        return { return: frozen > 0 ? 'frozen' : 'thawed' }
      case 'guest-fsfreeze-freeze':
      case 'guest-fsfreeze-freeze-list':
        if (frozen > 0) return refusal(`Command ${execute} has been disabled: the agent is in frozen state`)
        frozen = freezes(args?.mountpoints)
        return { return: frozen }
      case 'guest-fsfreeze-thaw': {
        const count = frozen
        frozen = 0
        return { return: count }
      }
      case 'guest-set-time':
        return { return: {} }
      default:
        return refusal(`The command ${execute} has not been found`, 'CommandNotFound')
    }
  }
  const work = async () => {
    if (working) return
    working = true
    for (let command = queue[0]; command && !stopped; command = queue[0]) {
      queue.shift()
      const { execute } = command
      const isSync = execute === 'guest-sync-delimited'
      const reply = isSync ? { return: command.arguments?.id } : await (instead.get(execute) ?? usual)(command)
      done.push(execute)
      current?.write(Buffer.concat([Buffer.from(isSync ? [0xff] : []), Buffer.from(`${JSON.stringify(reply)}\n`)]))
    }
    working = false
  }
  const read = (chunk: Buffer) => {
    unread = Buffer.concat([unread, chunk])
    for (let end = unread.indexOf(0x0a); end >= 0; end = unread.indexOf(0x0a)) {
      const line = unread.subarray(0, end)
      unread = unread.subarray(end + 1)
      if (line.includes(0xff)) current?.write(`${JSON.stringify(refusal("JSON parse error, stray '\uFFFD'"))}\n`)
      const command = JSON.parse(line.subarray(line.lastIndexOf(0xff) + 1).toString()) as Command
      received.push(command.execute)
      queue.push(command)
    }
    void work()
  }
  const serve = (socket: Socket) => {
    current = socket
    socket.on('data', read)
    socket.resume()
  }
  const sockets = new Set<Socket>()
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      if (current !== socket) return void (waiting.includes(socket) && waiting.splice(waiting.indexOf(socket), 1))
      current = null
      const next = waiting.shift()
      if (next) serve(next)
    })
    if (current === null) serve(socket)
    else waiting.push(socket)
  })
  await new Promise<void>((resolve) => server.listen(place, resolve))
  const vanish = async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }
  return {
    endpoint: { kind: 'unix', path: place },
    path: place,
    done,
    received,
    get frozen() {
      return frozen
    },
    set frozen(count: number) {
      frozen = count
    },
    get mounted() {
      return mounted
    },
    set mounted(now: FakeAgent['mounted']) {
      mounted = now
    },
    instead,
    stop: () => {
      stopped = true
    },
    continue: () => {
      stopped = false
      void work()
    },
    vanish,
    [Symbol.asyncDispose]: async () => {
      await vanish()
      dir[Symbol.dispose]()
    },
  }
}

export interface RawAgentServer extends AsyncDisposable {
  readonly endpoint: QmpEndpoint
}

/** A socket that does with each connection what the test likes. */
export async function socketServer(onConnect: (socket: Socket) => void): Promise<RawAgentServer> {
  const dir = tempDir('fa-')
  const path = dir.file('agent')
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    onConnect(socket)
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return {
    endpoint: { kind: 'unix', path },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
      dir[Symbol.dispose]()
    },
  }
}
