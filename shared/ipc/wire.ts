// What two processes, or a page and its host, say to each other where messages are JSON text: newline-separated on
// the control socket of a home, one WebSocket frame each on the web host. Electron's own IPC does not use this.
import type { TopicMessage, TopicName } from './contract.ts'
import type { Result } from './result.ts'

/** From the one who asks. `id` counts up per connection and is never used twice. */
export type ClientMessage =
  | { readonly kind: 'call'; readonly id: number; readonly name: string; readonly input: unknown }
  | { readonly kind: 'abort'; readonly id: number }
  | { readonly kind: 'subscribe'; readonly id: number; readonly topic: TopicName }
  | { readonly kind: 'unsubscribe'; readonly id: number }
  /** `can`: what the asker does when the answerer leaves. Until it says `take-over`, it is taken to depend on it. */
  | { readonly kind: 'when-you-leave'; readonly can: 'take-over' | 'only-fail' }

/** From the one who answers. `welcome` comes first, unasked. */
export type ServerMessage =
  | { readonly kind: 'welcome'; readonly ipcVersion: number }
  | { readonly kind: 'result'; readonly id: number; readonly result: Result<unknown> }
  | { readonly kind: 'push'; readonly id: number; readonly message: TopicMessage }
