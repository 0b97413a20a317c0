import { connect, type Socket } from 'node:net'

/** What the guest last said on its serial line. */
export interface LiveCounter {
  /** The newest number; null before the first. */
  counter(): number | null
  /** The guest's complaint when it cannot go on; null when all is well. */
  complaint(): string | null
  /** Connects again if the line is down; call it now and then. */
  keepConnected(): void
  close(): void
}

/**
 * Listens on the demo's serial line. The image file cannot tell: a running QEMU holds part of it in memory. The line
 * is a socket that nobody needs to read: without a listener QEMU drops the text, so nothing grows.
 */
export function listenToCounter(path: string): LiveCounter {
  let socket: Socket | null = null
  let closed = false
  let text = ''
  let counter: number | null = null
  let complaint: string | null = null
  const take = (data: Buffer) => {
    text = (text + data.toString('latin1')).slice(-4096)
    const numbers = [...text.matchAll(/FLOE ([0-9A-F]{16})\r?\n/g)]
    const last = numbers.at(-1)?.[1]
    if (last !== undefined) counter = Number.parseInt(last, 16)
    complaint = /FLOE disk is (?:damaged|missing)/.exec(text)?.[0].replace('FLOE', 'The demo') ?? null
    text = text.slice(text.lastIndexOf('\n') + 1)
  }
  const keepConnected = () => {
    if (socket !== null || closed) return
    const fresh = connect(path)
    socket = fresh
    fresh.on('data', take)
    fresh.on('error', () => {})
    fresh.on('close', () => {
      if (socket === fresh) socket = null
    })
    fresh.unref()
  }
  keepConnected()
  return {
    counter: () => counter,
    complaint: () => complaint,
    keepConnected,
    close: () => {
      closed = true
      socket?.destroy()
    },
  }
}
