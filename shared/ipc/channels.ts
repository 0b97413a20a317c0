// The channels between a window and its host, and the bridge that the preload script exposes.
// No imports at run time: the sandboxed preload bundles this file.
import type { CallName, Input, Output, TopicMessage, TopicName } from './contract.ts'
import type { Result } from './result.ts'
import type { CancelSignal } from './signal.ts'

export const ipcVersion = 1

export const channels = {
  /** Renderer asks, host answers: `{ name, input, callId }` -> `Result`. */
  invoke: 'floe:invoke',
  /** Host tells subscribers: a `TopicMessage`. */
  push: 'floe:push',
  /** Renderer subscribes, unsubscribes, aborts: a `ControlMessage`. */
  control: 'floe:control',
  /** Host tells the window which item of the native menu was chosen: a `MenuCommand`. */
  menu: 'floe:menu',
} as const

export interface InvokeMessage {
  readonly name: CallName
  readonly input: unknown
  readonly callId: string
}

export type ControlMessage =
  | { readonly kind: 'subscribe'; readonly topic: TopicName }
  | { readonly kind: 'unsubscribe'; readonly topic: TopicName }
  | { readonly kind: 'abort'; readonly callId: string }

/** A menu command of the native menu bar, or a shortcut of the web host. */
export type MenuCommand =
  | 'back-up-now'
  | 'back-up-with-options'
  | 'pause-or-resume'
  | 'cancel'
  | 'restore'
  | 'verify'
  | 'pin-point'
  | 'delete-point'
  | 'retention'
  | 'add-machine'
  | 'add-destination'
  | 'overview'
  | 'activity'
  | 'settings'
  | 'toggle-sidebar'
  | 'toggle-inspector'
  | 'search'
  | 'next-pane'
  | 'previous-pane'
  | `machine-${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9}`

/** What the window sees of its host, as `window.floe`. */
export interface Bridge {
  readonly ipcVersion: number
  readonly host: 'desktop' | 'web'
  readonly platform: 'darwin' | 'linux'
  invoke<N extends CallName>(
    name: N,
    input: Input<N>,
    options?: { readonly signal?: CancelSignal },
  ): Promise<Result<Output<N>>>
  /** Starts with a snapshot, then deltas; call the answer to stop. */
  subscribe<T extends TopicName>(topic: T, listener: (message: TopicMessage<T>) => void): () => void
  /** Commands from the native menu; never called on the web host. */
  onMenuCommand(listener: (command: MenuCommand) => void): () => void
  /** False while the connection to the host is down (web host only). */
  onConnection(listener: (connected: boolean) => void): () => void
  /** Absolute path of a dropped file; null where the system does not tell (web host). */
  pathOfFile(file: unknown): string | null
}

/**
 * What the preload script puts on the page as `window.floe`. Only what can cross from its world: an `AbortSignal`
 * cannot, so a call has a number and is aborted by it. `renderer/src/bridge.ts` makes a `Bridge` of this.
 */
export interface PreloadBridge {
  readonly ipcVersion: number
  readonly platform: 'darwin' | 'linux'
  invoke(name: CallName, input: unknown, callId: string): Promise<Result<unknown>>
  abort(callId: string): void
  subscribe(topic: TopicName, listener: (message: TopicMessage) => void): () => void
  onMenuCommand(listener: (command: MenuCommand) => void): () => void
  pathOfFile(file: unknown): string | null
}
