import { type Bridge, ipcVersion } from '../../shared/ipc/channels.ts'
import type { ServerMessage } from '../../shared/ipc/wire.ts'
import { WireClient } from '../../shared/ipc/wire-client.ts'

const firstRetryMs = 250
const longestRetryMs = 5_000

/**
 * The bridge of a page that a web host served. Connects again by itself, ever more slowly; subscribers then get a fresh
 * snapshot. Calls made before the first connection wait for it; calls while the connection is down fail at once.
 */
export function openWebBridge(url = `ws://${location.host}/bridge`): Bridge {
  const wire = new WireClient()
  const listeners = new Set<(connected: boolean) => void>()
  let connected: boolean | null = null
  let retryMs = firstRetryMs
  let tried: () => void = () => {}
  const firstTry = new Promise<void>((resolve) => {
    tried = resolve
  })

  const tell = (now: boolean) => {
    tried()
    if (connected === now) return
    connected = now
    for (const listener of listeners) listener(now)
  }

  const open = () => {
    const socket = new WebSocket(url)
    socket.addEventListener('message', (event) => {
      const message = JSON.parse(String(event.data)) as ServerMessage
      if (message.kind !== 'welcome') {
        wire.receive(message)
        return
      }
      // Only a page that was kept open over an update is of another version: loading it again mends that.
      if (message.ipcVersion !== ipcVersion) location.reload()
      retryMs = firstRetryMs
      wire.connected((outgoing) => socket.send(JSON.stringify(outgoing)))
      tell(true)
    })
    socket.addEventListener('close', () => {
      wire.lost()
      tell(false)
      setTimeout(open, retryMs)
      retryMs = Math.min(retryMs * 2, longestRetryMs)
    })
  }
  open()

  return {
    ipcVersion,
    host: 'web',
    platform: /mac/i.test(navigator.userAgent) ? 'darwin' : 'linux',
    invoke: (async (name, input, options) => {
      await firstTry
      return wire.call(name, input, options?.signal)
    }) as Bridge['invoke'],
    subscribe: ((topic, listener) => wire.subscribe(topic, listener as never)) as Bridge['subscribe'],
    onMenuCommand: () => () => {},
    onConnection: (listener) => {
      listeners.add(listener)
      if (connected === false) listener(false)
      return () => listeners.delete(listener)
    },
    pathOfFile: () => null,
  }
}
