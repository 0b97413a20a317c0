// Opens a QMP connection: checks the path, connects, waits for the greeting, negotiates. Everything that can be in the
// way has an error of its own, because "could not connect" helps nobody (ux.md C1-C5).
import type { Socket } from 'node:net'
import type { QmpEndpoint } from '../../../shared/domain/machine.ts'
import type { Clock, Platform } from '../ports/index.ts'
import { type Frame, FrameDecoder } from './codec.ts'
import { assertSocketPath, busy, connectError, endpointText } from './endpoint.ts'
import { QmpConnectError, QmpInterruptedError } from './errors.ts'
import { classify } from './message.ts'
import { openSocket } from './open-socket.ts'
import { QmpConnection, tooLong } from './session.ts'
import type { QmpSession } from './types.ts'

export interface ConnectOptions {
  readonly clock: Clock
  /** How long to wait for the greeting, in milliseconds: a second client of a QEMU never gets one (qemu.md 9). */
  readonly greetingTimeoutMs?: number
  /** Names the program that holds a busy socket. */
  readonly platform?: Pick<Platform, 'socketPeer'>
  /** True when the QEMU behind the endpoint is stopped (SIGSTOP, debugger): then it is silent and not busy. */
  readonly isServerStopped?: () => Promise<boolean>
  readonly signal?: AbortSignal
}

const defaultGreetingTimeoutMs = 3_000
/** Negotiation is answered at once unless QEMU's main loop stalls; longer than this and nobody should wait on it. */
const negotiationTimeoutMs = 15_000

/** @throws QmpConnectError with the code that says what is in the way */
export async function connectQmp(endpoint: QmpEndpoint, options: ConnectOptions): Promise<QmpSession> {
  const greetingTimeoutMs = options.greetingTimeoutMs ?? defaultGreetingTimeoutMs
  const began = options.clock.monotonic()
  const waited = () => Math.round(options.clock.monotonic() - began)
  if (endpoint.kind === 'unix') await assertSocketPath(endpoint.path)
  const socket = await openSocket(endpoint, {
    timeoutMs: greetingTimeoutMs,
    signal: options.signal,
    errors: {
      late: () => silent(endpoint, greetingTimeoutMs),
      aborted: () => calledOff(endpoint),
      failed: (error) => connectError(error, endpoint),
    },
  })
  socket.on('error', () => {}) // whoever waits sees it as the end of the connection
  const decoder = new FrameDecoder()
  try {
    const { version, rest } = await greeting(socket, decoder, endpoint, greetingTimeoutMs, options)
    const session = new QmpConnection(socket, endpointText(endpoint), decoder)
    const { signal } = options
    await session
      .negotiate(version, rest, { timeoutMs: negotiationTimeoutMs, ...(signal ? { signal } : {}) })
      .catch((error: unknown) => {
        throw negotiationFailed(error, endpoint)
      })
    return session
  } catch (error) {
    socket.destroy()
    throw withWaitingTime(error, waited())
  }
}

function negotiationFailed(error: unknown, endpoint: QmpEndpoint): unknown {
  if (!(error instanceof QmpInterruptedError)) return error
  return error.code === 'machine/timeout' ? silent(endpoint, negotiationTimeoutMs, error) : closedEarly(endpoint, error)
}

/** Notes in a connect error how long Floe had tried, in milliseconds. */
function withWaitingTime(error: unknown, waitedMs: number): unknown {
  if (!(error instanceof QmpConnectError)) return error
  const { cause, remedy, params } = error
  return new QmpConnectError(error.code, error.message, {
    params: { ...params, waitedMs },
    ...(remedy === null ? {} : { remedy }),
    ...(cause === undefined ? {} : { cause }),
  })
}

interface Greeting {
  readonly version: string
  /** Whatever came in the same chunk. */
  readonly rest: readonly Frame[]
}

async function greeting(
  socket: Socket,
  decoder: FrameDecoder,
  endpoint: QmpEndpoint,
  timeoutMs: number,
  options: ConnectOptions,
): Promise<Greeting> {
  const first = await firstFrames(socket, decoder, endpoint, timeoutMs, options.signal)
  if (first === 'timeout') {
    if (decoder.pending !== '') throw wrongLanguage(decoder.pending, endpoint)
    throw await whyNoGreeting(endpoint, timeoutMs, options)
  }
  const [frame, ...rest] = first as [Frame, ...Frame[]]
  if (frame.kind === 'too-long')
    throw new QmpConnectError('machine/line-too-long', tooLong(endpointText(endpoint)).message)
  if (frame.kind === 'garbage') throw wrongLanguage(frame.text, endpoint)
  const message = classify(frame.value)
  if (message.kind !== 'greeting') throw wrongLanguage(JSON.stringify(frame.value), endpoint)
  return { version: message.version, rest }
}

function firstFrames(
  socket: Socket,
  decoder: FrameDecoder,
  endpoint: QmpEndpoint,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<readonly Frame[] | 'timeout'> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      clearTimeout(deadline)
      signal?.removeEventListener('abort', onAbort)
      socket.off('data', onData)
      socket.off('error', onEnd)
      socket.off('end', onEnd)
      socket.off('close', onEnd)
    }
    const onData = (chunk: Buffer) => {
      const frames = decoder.push(chunk)
      if (frames.length === 0) return
      settle()
      socket.pause()
      resolve(frames)
    }
    const onEnd = (cause?: unknown) => {
      settle()
      reject(closedEarly(endpoint, cause))
    }
    const onAbort = () => {
      settle()
      reject(calledOff(endpoint))
    }
    const deadline = setTimeout(() => {
      settle()
      resolve('timeout')
    }, timeoutMs)
    signal?.addEventListener('abort', onAbort, { once: true })
    socket.on('data', onData)
    socket.on('error', onEnd)
    socket.on('end', onEnd)
    socket.on('close', onEnd)
  })
}

async function whyNoGreeting(endpoint: QmpEndpoint, timeoutMs: number, options: ConnectOptions): Promise<Error> {
  if (await options.isServerStopped?.()) return silent(endpoint, timeoutMs)
  const holder = endpoint.kind === 'unix' ? await options.platform?.socketPeer(endpoint.path) : null
  return busy(endpoint, holder ?? null)
}

function wrongLanguage(text: string, endpoint: QmpEndpoint): QmpConnectError {
  const place = endpointText(endpoint)
  const params = { path: place, said: text.slice(0, 200) }
  if (/^QEMU .*monitor|\(qemu\)/.test(text)) {
    return new QmpConnectError('machine/speaks-hmp', `${place} is QEMU's monitor for people, not its QMP socket.`, {
      params,
      remedy: 'Start QEMU with -qmp unix:PATH,server=on,wait=off and give that path.',
    })
  }
  return new QmpConnectError('machine/speaks-garbage', `What answers at ${place} does not speak QMP.`, {
    params,
    remedy: 'Check that this is the QMP socket of a QEMU.',
  })
}

const closedEarly = (endpoint: QmpEndpoint, cause?: unknown) =>
  new QmpConnectError(
    'machine/closed-in-greeting',
    `${endpointText(endpoint)} closed the connection before it said who it is.`,
    { params: { path: endpointText(endpoint) }, ...(cause instanceof Error ? { cause } : {}) },
  )

const silent = (endpoint: QmpEndpoint, timeoutMs: number, cause?: unknown) =>
  new QmpConnectError(
    'machine/silent',
    `${endpointText(endpoint)} sent nothing for ${Math.round(timeoutMs / 100) / 10} seconds.`,
    {
      params: { path: endpointText(endpoint) },
      remedy: 'QEMU may be stopped in a debugger or very busy. Try again.',
      ...(cause === undefined ? {} : { cause }),
    },
  )

const calledOff = (endpoint: QmpEndpoint) =>
  new QmpConnectError('machine/interrupted', `Connecting to ${endpointText(endpoint)} was called off.`)
