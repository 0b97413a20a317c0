import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

const greetingMs = 10_000

/**
 * The smallest QMP client there is: the tests' own hands on a machine, independent of the client under test.
 * One command at a time; events are collected.
 */
export class RawQmp {
  readonly events: { event: string; data?: Record<string, unknown> }[] = []
  #socket: Socket
  #waiting: ((message: Record<string, unknown> | null) => void)[] = []
  #ended = false

  private constructor(socket: Socket) {
    this.#socket = socket
    const lines = createInterface({ input: socket })
    lines.on('error', () => {})
    lines.on('line', (line) => {
      const message = JSON.parse(line) as Record<string, unknown>
      if ('event' in message) this.events.push(message as { event: string })
      else this.#waiting.shift()?.(message)
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#ended = true
      for (const waiting of this.#waiting.splice(0)) waiting(null)
    })
  }

  #answer(): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      const take = (message: Record<string, unknown> | null) =>
        message ? resolve(message) : reject(new Error('QEMU ended the connection'))
      if (this.#ended) take(null)
      else this.#waiting.push(take)
    })
  }

  static async connect(path: string): Promise<RawQmp> {
    const socket = connect(path)
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    const client = new RawQmp(socket)
    // Whoever else holds the socket gets the greeting: then this test is not alone with its machine.
    const late = setTimeout(() => socket.destroy(), greetingMs)
    try {
      await client.#answer()
    } finally {
      clearTimeout(late)
    }
    await client.command('qmp_capabilities')
    return client
  }

  async command<T = unknown>(execute: string, args: Record<string, unknown> = {}): Promise<T> {
    const answer = this.#answer()
    this.#socket.write(`${JSON.stringify({ execute, arguments: args })}\n`)
    const message = await answer
    if ('error' in message) throw new Error(`${execute}: ${JSON.stringify(message.error)}`)
    return message.return as T
  }

  async hmp(line: string): Promise<string> {
    return this.command<string>('human-monitor-command', { 'command-line': line })
  }

  close(): void {
    this.#socket.destroy()
  }
}
