import type { Socket } from 'node:net'
import type { QmpEndpoint } from '../../../shared/domain/machine.ts'
import type { FloeError } from '../errors.ts'
import { calledOff, closedEarly, garbage, noAnswer, refused, tooSlow } from './errors.ts'
import { type AgentFrame, AgentFrameReader } from './frames.ts'

const endless = 'a line without an end'

function encode(name: string, args: Readonly<Record<string, unknown>> | null): Buffer {
  return Buffer.from(`${JSON.stringify(args === null ? { execute: name } : { execute: name, arguments: args })}\n`)
}

/** The byte before it makes the agent forget half a command of somebody before us. */
const synchronisation = (id: number) => Buffer.concat([Buffer.from([0xff]), encode('guest-sync-delimited', { id })])

type Receiver = { readonly frame: (frame: AgentFrame) => void; readonly end: (error: FloeError) => void }

/**
 * One connection to an agent: at most one question at a time, each with its own time. A question without an answer
 * leaves the connection unusable for others until `synchronise`, so that nobody reads an answer that is not theirs.
 */
export class AgentConnection {
  readonly #socket: Socket
  readonly #endpoint: QmpEndpoint
  readonly #reader = new AgentFrameReader()
  #receiver: Receiver | null = null
  /** Why no more commands are taken. */
  #spoilt: FloeError | null = null
  #closed: FloeError | null = null
  #last: Promise<unknown> = Promise.resolve()

  constructor(socket: Socket, endpoint: QmpEndpoint) {
    this.#socket = socket
    this.#endpoint = endpoint
    socket.on('data', (chunk: Buffer) => {
      for (const frame of this.#reader.push(chunk)) this.#receiver?.frame(frame)
    })
    socket.on('error', (error) => this.#end(closedEarly(endpoint, error)))
    socket.on('close', () => this.#end(closedEarly(endpoint)))
    socket.on('end', () => this.#end(closedEarly(endpoint)))
  }

  /**
   * Makes sure that what is read from now on answers what is sent from now on (`guest-sync-delimited`).
   * @throws FloeError `agent/no-answer`, `agent/garbage`, `agent/unreachable`
   */
  async synchronise(id: number, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const meeting = this.#meeting(id)
    await this.#ask({
      bytes: synchronisation(id),
      timeoutMs,
      late: () => meeting.failure(noAnswer(this.#endpoint, 'guest-sync-delimited', timeoutMs)),
      ended: meeting.failure,
      ...(signal ? { signal } : {}),
      frame: (frame, answer) => {
        if (meeting.takes(frame)) answer.give(null)
      },
    })
    this.#spoilt = null
  }

  /** Works on a connection that is out of step. Both are written at once: the command waits in the guest if need be. */
  async synchroniseAnd(id: number, name: string, timeoutMs: number): Promise<unknown> {
    const meeting = this.#meeting(id)
    let met = false
    const value = await this.#ask({
      bytes: Buffer.concat([synchronisation(id), encode(name, null)]),
      timeoutMs,
      late: () => meeting.failure(noAnswer(this.#endpoint, name, timeoutMs)),
      ended: meeting.failure,
      frame: (frame, answer) => {
        if (met) this.#answerTo(name, frame, answer)
        else met = meeting.takes(frame)
      },
    })
    this.#spoilt = null
    return value
  }

  /** @throws FloeError `agent/refused` when the agent says no; any other `agent/*` leaves the connection unusable */
  command(name: string, args: Readonly<Record<string, unknown>> | null, timeoutMs: number): Promise<unknown> {
    const freezes = name.startsWith('guest-fsfreeze-freeze')
    return this.#ask({
      bytes: encode(name, args),
      timeoutMs,
      late: () => (freezes ? tooSlow(this.#endpoint, timeoutMs) : noAnswer(this.#endpoint, name, timeoutMs)),
      ended: (error) => error,
      inStep: true,
      frame: (frame, answer) => this.#answerTo(name, frame, answer),
    })
  }

  /** Drops what is of earlier conversations, and keeps in mind what no agent would have said. */
  #meeting(id: number): { takes(frame: AgentFrame): boolean; failure(otherwise: FloeError): FloeError } {
    let foreign: string | null = null
    let marked = false
    return {
      takes: (frame) => {
        const wasMarked = marked
        marked = frame.kind === 'mark'
        if (frame.kind === 'message') {
          if (wasMarked && frame.value.return === id) return true
          if (!('return' in frame.value || 'error' in frame.value)) foreign ??= JSON.stringify(frame.value)
        } else if (frame.kind !== 'mark') foreign ??= frame.kind === 'garbage' ? frame.text : endless
        return false
      },
      failure: (otherwise) => (foreign === null ? otherwise : garbage(this.#endpoint, foreign)),
    }
  }

  #answerTo(command: string, frame: AgentFrame, answer: Answer): void {
    if (frame.kind === 'mark') return
    if (frame.kind === 'garbage') answer.spoil(garbage(this.#endpoint, frame.text))
    else if (frame.kind === 'too-long') answer.spoil(garbage(this.#endpoint, endless))
    else if ('return' in frame.value) answer.give(frame.value.return)
    else if ('error' in frame.value) answer.refuse(this.#refusal(command, frame.value.error))
    else answer.spoil(garbage(this.#endpoint, JSON.stringify(frame.value)))
  }

  /** No more commands are taken until the next `synchronise`. */
  spoil(error: FloeError): FloeError {
    this.#spoilt = error
    return error
  }

  close(): void {
    this.#end(calledOff(this.#endpoint))
  }

  #refusal(command: string, error: unknown): FloeError {
    const { class: agentClass, desc } = (error ?? {}) as { class?: unknown; desc?: unknown }
    return refused(this.#endpoint, command, String(agentClass ?? 'GenericError'), String(desc ?? 'no reason was given'))
  }

  #ask(question: Question): Promise<unknown> {
    const mine = this.#last.then(() => this.#askNow(question))
    this.#last = mine.catch(() => {})
    return mine
  }

  #askNow(question: Question): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const unusable = this.#closed ? question.ended(this.#closed) : question.inStep ? this.#spoilt : null
      if (unusable) return reject(unusable)
      const { signal } = question
      const settle = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
        this.#receiver = null
      }
      const fail = (error: FloeError) => {
        settle()
        reject(error)
      }
      const spoil = (error: FloeError) => fail(this.spoil(error))
      const onAbort = () => spoil(calledOff(this.#endpoint))
      const timer = setTimeout(() => spoil(question.late()), question.timeoutMs)
      if (signal?.aborted) return onAbort()
      signal?.addEventListener('abort', onAbort, { once: true })
      const give = (value: unknown) => {
        settle()
        resolve(value)
      }
      this.#receiver = {
        frame: (frame) => question.frame(frame, { give, refuse: fail, spoil }),
        end: (error) => spoil(question.ended(error)),
      }
      this.#socket.write(question.bytes)
    })
  }

  #end(error: FloeError): void {
    if (this.#closed) return
    this.#closed = error
    this.#receiver?.end(error)
    this.#socket.destroy()
  }
}

interface Answer {
  give(value: unknown): void
  refuse(error: FloeError): void
  /** As `refuse`, and nothing can be asked until the next synchronisation. */
  spoil(error: FloeError): void
}

interface Question {
  readonly bytes: Buffer
  readonly timeoutMs: number
  /** The error when nothing came in time. */
  readonly late: () => FloeError
  /** The error when the connection ended. */
  readonly ended: (error: FloeError) => FloeError
  /** Refused on a connection that is out of step. */
  readonly inStep?: boolean
  readonly signal?: AbortSignal
  readonly frame: (frame: AgentFrame, answer: Answer) => void
}
