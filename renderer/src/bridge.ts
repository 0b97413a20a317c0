// How the window reaches its host. In Electron the preload script has put `window.floe` there; in a browser the same
// contract goes over a WebSocket (`web-bridge.ts`). Everything else in the renderer sees a `Bridge` only.
import type { Bridge, PreloadBridge } from '../../shared/ipc/channels.ts'
import { failed } from '../../shared/ipc/result.ts'
import type { CancelSignal } from '../../shared/ipc/signal.ts'
import { aborted } from '../../shared/ipc/wire-client.ts'
import { openWebBridge } from './web-bridge.ts'

declare global {
  interface Window {
    readonly floe?: PreloadBridge
  }
}

/** The bridge of this page; call it once. */
export function openBridge(): Bridge {
  return window.floe === undefined ? openWebBridge() : adaptPreload(window.floe)
}

let lastCall = 0

export function adaptPreload(preload: PreloadBridge): Bridge {
  const invoke = async (name: Parameters<PreloadBridge['invoke']>[0], input: unknown, signal?: CancelSignal) => {
    if (signal?.aborted) return failed(aborted)
    lastCall += 1
    const callId = `call-${lastCall}`
    const abort = () => preload.abort(callId)
    signal?.addEventListener('abort', abort)
    try {
      return await preload.invoke(name, input, callId)
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }
  return {
    ipcVersion: preload.ipcVersion,
    host: 'desktop',
    platform: preload.platform,
    invoke: ((name, input, options) => invoke(name, input, options?.signal)) as Bridge['invoke'],
    subscribe: ((topic, listener) => preload.subscribe(topic, listener as never)) as Bridge['subscribe'],
    onMenuCommand: (listener) => preload.onMenuCommand(listener),
    onConnection: () => () => {},
    pathOfFile: (file) => preload.pathOfFile(file),
  }
}
