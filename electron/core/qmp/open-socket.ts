import { connect, type Socket } from 'node:net'
import type { QmpEndpoint } from '../../../shared/domain/machine.ts'

export interface OpenSocketOptions {
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** What each failure is to the caller. */
  readonly errors: {
    readonly late: () => Error
    readonly aborted: () => Error
    readonly failed: (error: Error) => Error
  }
}

/** A connection to a socket that QEMU listens on. Rejects with one of `errors`, and leaves nothing open then. */
export function openSocket(endpoint: QmpEndpoint, { timeoutMs, signal, errors }: OpenSocketOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(errors.aborted())
    const socket =
      endpoint.kind === 'unix'
        ? connect({ path: endpoint.path })
        : connect({ host: endpoint.host, port: endpoint.port, noDelay: true, keepAlive: true })
    const settle = () => {
      clearTimeout(deadline)
      signal?.removeEventListener('abort', onAbort)
      socket.off('connect', onConnect)
      socket.off('error', onError)
    }
    const fail = (error: Error) => {
      settle()
      socket.on('error', () => {})
      socket.destroy()
      reject(error)
    }
    const onConnect = () => {
      settle()
      resolve(socket)
    }
    const onError = (error: Error) => fail(errors.failed(error))
    const onAbort = () => fail(errors.aborted())
    const deadline = setTimeout(() => fail(errors.late()), timeoutMs)
    signal?.addEventListener('abort', onAbort, { once: true })
    socket.once('connect', onConnect)
    socket.once('error', onError)
  })
}
