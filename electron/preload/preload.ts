// The only code between the page and the main process: one sandboxed CommonJS file. It offers the contract's names and
// nothing else of Electron, hands over data without Electron's event objects, and leaves all checking of input to the
// gate in the main process.
import { contextBridge, ipcRenderer, webUtils } from 'electron'
import {
  type ControlMessage,
  channels,
  type InvokeMessage,
  ipcVersion,
  type MenuCommand,
  type PreloadBridge,
} from '../../shared/ipc/channels.ts'
import type { TopicMessage, TopicName } from '../../shared/ipc/contract.ts'
import { isKnownCall, isKnownTopic } from '../../shared/ipc/names.ts'
import type { Result } from '../../shared/ipc/result.ts'

type Listener = (message: TopicMessage) => void

const listeners = new Map<TopicName, Set<Listener>>()
const menuListeners = new Set<(command: MenuCommand) => void>()

const control = (message: ControlMessage) => ipcRenderer.send(channels.control, message)

ipcRenderer.on(channels.push, (_, message: TopicMessage) => {
  for (const listener of listeners.get(message.topic) ?? []) listener(message)
})
ipcRenderer.on(channels.menu, (_, command: MenuCommand) => {
  for (const listener of menuListeners) listener(command)
})

const bridge: PreloadBridge = {
  ipcVersion,
  platform: process.platform === 'darwin' ? 'darwin' : 'linux',
  invoke: (name, input, callId) => {
    if (!isKnownCall(name)) throw new Error(`Floe knows no call named ${name}`)
    return ipcRenderer.invoke(channels.invoke, { name, input, callId } satisfies InvokeMessage) as Promise<
      Result<unknown>
    >
  },
  abort: (callId) => control({ kind: 'abort', callId: String(callId) }),
  subscribe: (topic, listener) => {
    if (!isKnownTopic(topic)) throw new Error(`Floe knows no topic named ${topic}`)
    const own = listeners.get(topic) ?? new Set()
    listeners.set(topic, own)
    own.add(listener)
    // Also for the second listener: the host answers with a new snapshot, which every listener may take.
    control({ kind: 'subscribe', topic })
    return () => {
      if (own.delete(listener) && own.size === 0) control({ kind: 'unsubscribe', topic })
    }
  },
  onMenuCommand: (listener) => {
    menuListeners.add(listener)
    return () => {
      menuListeners.delete(listener)
    }
  },
  pathOfFile: (file) => {
    const path = file instanceof File ? webUtils.getPathForFile(file) : ''
    return path === '' ? null : path
  },
}

contextBridge.exposeInMainWorld('floe', bridge)
