import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { TestQemu } from '../qemu.ts'
import { until } from '../run.ts'

type Message = Record<string, unknown>

/**
 * The smallest guest agent client there is: the tests' own, independent of the client under test. One command at a
 * time. QEMU serves one client per agent socket, so it must be closed before Floe is to reach the agent.
 */
export class RawAgent implements Disposable {
  #socket: Socket
  #waiting: ((message: Message | null) => void)[] = []
  #ended = false

  private constructor(socket: Socket) {
    this.#socket = socket
    const lines = createInterface({ input: socket })
    lines.on('error', () => {})
    lines.on('line', (line) => {
      // What the agent says of the 0xFF that begins a sync is not an answer (guest.md 2).
      if (line.includes('JSON parse error')) return
      // The answer to a sync begins with 0xFF, which is the replacement character in text.
      this.#waiting.shift()?.(JSON.parse(line.slice(line.lastIndexOf('\uFFFD') + 1)) as Message)
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#ended = true
      for (const waiting of this.#waiting.splice(0)) waiting(null)
    })
  }

  /** Connects, and resolves when the agent has answered. */
  static async connect(path: string): Promise<RawAgent> {
    const socket = connect(path)
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    const client = new RawAgent(socket)
    const id = Math.floor(Math.random() * 2 ** 31)
    socket.write(Buffer.from([0xff]))
    client.#send('guest-sync-delimited', { id })
    while ((await client.#answer()).return !== id);
    return client
  }

  #send(execute: string, args: Message): void {
    this.#socket.write(`${JSON.stringify({ execute, arguments: args })}\n`)
  }

  #answer(): Promise<Message> {
    return new Promise((resolve, reject) => {
      const take = (message: Message | null) =>
        message ? resolve(message) : reject(new Error('The connection to the guest agent ended'))
      if (this.#ended) take(null)
      else this.#waiting.push(take)
    })
  }

  async command<T = unknown>(execute: string, args: Message = {}): Promise<T> {
    const answer = this.#answer()
    this.#send(execute, args)
    const message = await answer
    if ('error' in message) throw new Error(`${execute}: ${JSON.stringify(message.error)}`)
    return message.return as T
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }
}

/** Waits until the guest has opened the agent's port and the agent answers. */
export async function untilAgentAnswers(qemu: TestQemu, path: string, chardev: string): Promise<void> {
  const opened = async () => {
    const devices = await qemu.monitor.command<{ label: string; 'frontend-open': boolean }[]>('query-chardev')
    return devices.some((device) => device.label === chardev && device['frontend-open'])
  }
  await until(opened, 'the guest opening the port of its agent', 120_000)
  using agent = await RawAgent.connect(path)
  await agent.command('guest-ping')
}
