// A QMP connection after its greeting: commands with ids and deadlines, events to listeners, and one clean end that
// fails every call still waiting. It works on any duplex stream; connect.ts opens the real ones.
import type { Duplex } from 'node:stream'
import type { FloeError } from '../errors.ts'
import { capabilitiesOf, type SchemaEntry } from './capabilities.ts'
import { encodeCommand, type Frame, FrameDecoder } from './codec.ts'
import { QmpExecuteError, QmpInterruptedError, QmpProtocolError } from './errors.ts'
import { assertRunning, nextState, type QmpState, type QmpStep } from './lifecycle.ts'
import { EventQueue } from './listener.ts'
import { classify, type Message } from './message.ts'
import type { ExecuteOptions, QmpCapabilities, QmpEventListener, QmpSession } from './types.ts'

/** QEMU's main loop can stall for tens of seconds under a slow backup target (peers.md E7). */
const defaultDeadlineMs = 60_000

interface PendingCall {
  readonly command: string
  readonly succeed: (value: unknown) => void
  readonly fail: (error: FloeError) => void
}

export class QmpConnection implements QmpSession {
  readonly closed: Promise<FloeError | null>
  readonly #stream: Duplex
  readonly #decoder: FrameDecoder
  readonly #place: string
  #state: QmpState = 'connecting'
  #version = ''
  #pending = new Map<string, PendingCall>()
  #listeners = new Set<EventQueue>()
  #lastId = 0
  #capabilities: Promise<QmpCapabilities> | null = null
  #reportEnd: (reason: FloeError | null) => void = () => {}

  /** `place` names the endpoint in errors. `decoder` may already hold bytes that followed the greeting. */
  constructor(stream: Duplex, place: string, decoder = new FrameDecoder()) {
    this.#stream = stream
    this.#place = place
    this.#decoder = decoder
    this.closed = new Promise((resolve) => {
      this.#reportEnd = resolve
    })
    stream.on('data', (chunk: Buffer) => this.#receive(this.#decoder.push(chunk)))
    stream.on('error', (error) => this.#finish(this.#interrupted(error)))
    stream.on('close', () => this.#finish(this.#interrupted()))
    stream.on('end', () => this.#finish(this.#interrupted()))
    stream.resume()
  }

  get version(): string {
    return this.#version
  }

  get state(): QmpState {
    return this.#state
  }

  /** Ends capability negotiation: only after this does QEMU take commands. `early` came together with the greeting. */
  async negotiate(version: string, early: readonly Frame[], options: ExecuteOptions): Promise<void> {
    this.#version = version
    this.#receive(early)
    await this.#send('qmp_capabilities', undefined, options)
    this.#step('negotiated')
  }

  async execute<T = unknown>(
    command: string,
    args?: Readonly<Record<string, unknown>>,
    options: ExecuteOptions = {},
  ): Promise<T> {
    assertRunning(this.#state, command)
    return (await this.#send(command, args, options)) as T
  }

  listen(names: readonly string[]): QmpEventListener {
    assertRunning(this.#state, 'a request for events')
    const queue = new EventQueue(names, (closed) => this.#listeners.delete(closed))
    this.#listeners.add(queue)
    return queue
  }

  capabilities(): Promise<QmpCapabilities> {
    this.#capabilities ??= this.execute<SchemaEntry[]>('query-qmp-schema').then(capabilitiesOf, (error: unknown) => {
      this.#capabilities = null
      throw error
    })
    return this.#capabilities
  }

  async close(): Promise<void> {
    if (this.#state === 'idle') return
    this.#step('close')
    this.#finish(null)
    await this.closed
  }

  #send(command: string, args: Readonly<Record<string, unknown>> | undefined, options: ExecuteOptions) {
    return new Promise<unknown>((resolve, reject) => {
      const { timeoutMs = defaultDeadlineMs, signal } = options
      const calledOff = () =>
        new QmpInterruptedError('machine/interrupted', `${command} was called off before QEMU answered.`)
      if (signal?.aborted) return reject(calledOff())
      this.#lastId += 1
      const id = `floe-${this.#lastId}`
      const settle = () => {
        clearTimeout(deadline)
        signal?.removeEventListener('abort', onAbort)
        this.#pending.delete(id)
      }
      const fail = (error: FloeError) => {
        settle()
        reject(error)
      }
      const onAbort = () => fail(calledOff())
      const deadline = setTimeout(() => fail(this.#tooLate(command, timeoutMs)), timeoutMs)
      signal?.addEventListener('abort', onAbort, { once: true })
      const succeed = (value: unknown) => {
        settle()
        resolve(value)
      }
      this.#pending.set(id, { command, succeed, fail })
      this.#stream.write(encodeCommand(id, command, args))
    })
  }

  #receive(frames: readonly Frame[]): void {
    for (const frame of frames) {
      if (frame.kind === 'message') this.#take(classify(frame.value))
      else if (frame.kind === 'too-long') this.#finish(tooLong(this.#place))
      else this.#finish(this.#garbage(frame.text))
    }
  }

  #take(message: Message): void {
    switch (message.kind) {
      case 'event':
        for (const listener of [...this.#listeners]) listener.deliver(message.event)
        return
      case 'reply':
        this.#pending.get(message.id)?.succeed(message.value)
        return
      case 'refusal':
        if (message.id === null) this.#finish(this.#garbage(message.text))
        else this.#refuse(message.id, message.qmpClass, message.text)
        return
      case 'greeting':
      case 'unknown':
        this.#finish(this.#garbage(message.kind))
    }
  }

  #refuse(id: string, qmpClass: string, text: string): void {
    const call = this.#pending.get(id)
    call?.fail(new QmpExecuteError(call.command, qmpClass, text))
  }

  /** The one end of the connection: every waiting call fails, every listener closes, `closed` tells why. */
  #finish(reason: FloeError | null): void {
    if (this.#state === 'idle') return
    this.#step('ended')
    for (const call of [...this.#pending.values()]) call.fail(this.#unanswered(call.command, reason))
    for (const listener of [...this.#listeners]) listener.close()
    this.#stream.destroy()
    this.#reportEnd(reason)
  }

  #step(step: QmpStep): void {
    this.#state = nextState(this.#state, step)
  }

  #interrupted(cause?: unknown): FloeError {
    const details = { params: { path: this.#place }, ...(cause === undefined ? {} : { cause }) }
    return new QmpInterruptedError('machine/interrupted', `QEMU ended the connection at ${this.#place}.`, details)
  }

  #unanswered(command: string, reason: FloeError | null): FloeError {
    const message = `The connection at ${this.#place} ended before QEMU answered ${command}.`
    const params = { path: this.#place, command }
    return new QmpInterruptedError('machine/interrupted', message, reason ? { params, cause: reason } : { params })
  }

  #tooLate(command: string, timeoutMs: number): FloeError {
    return new QmpInterruptedError(
      'machine/timeout',
      `QEMU did not answer ${command} within ${Math.round(timeoutMs / 100) / 10} seconds.`,
      { params: { path: this.#place, command, timeoutMs } },
    )
  }

  #garbage(text: string): FloeError {
    return new QmpProtocolError(
      'machine/speaks-garbage',
      `${this.#place} stopped speaking QMP: ${text.slice(0, 200)}`,
      {
        params: { path: this.#place },
      },
    )
  }
}

export const tooLong = (place: string) =>
  new QmpProtocolError('machine/line-too-long', `${place} sent a line of more than 10 MB, which is no QMP.`, {
    params: { path: place },
    remedy: 'Check that this is the QMP socket of a QEMU.',
  })
