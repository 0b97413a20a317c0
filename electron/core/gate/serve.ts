import { z } from 'zod'
import { ipcVersion } from '../../../shared/ipc/channels.ts'
import { type TopicName, topics } from '../../../shared/ipc/contract.ts'
import type { ServerMessage } from '../../../shared/ipc/wire.ts'
import type { FloeClient } from './client.ts'

const topicNames = Object.keys(topics) as [TopicName, ...TopicName[]]
const id = z.number().int().nonnegative()

const Message = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('call'), id, name: z.string(), input: z.unknown() }),
  z.object({ kind: z.literal('abort'), id }),
  z.object({ kind: z.literal('subscribe'), id, topic: z.enum(topicNames) }),
  z.object({ kind: z.literal('unsubscribe'), id }),
  z.object({ kind: z.literal('when-you-leave'), can: z.enum(['take-over', 'only-fail']) }),
])

export interface Served {
  /** One message of the other end, as it came. Answers false when it is not one: the connection should end. */
  receive(message: unknown): boolean
  /** The other end is gone: aborts what it asked for and ends its subscriptions. */
  close(): void
}

/** The answering end of the wire, for one connection of whatever transport. Says `welcome` at once. */
export function serveClient(
  client: FloeClient,
  send: (message: ServerMessage) => void,
  canTakeOver: (can: boolean) => void = () => {},
): Served {
  const calls = new Map<number, AbortController>()
  const subscriptions = new Map<number, () => void>()
  let open = true
  const sendOpen = (message: ServerMessage) => {
    if (open) send(message)
  }

  const call = async (callId: number, name: string, input: unknown) => {
    const controller = new AbortController()
    calls.set(callId, controller)
    const result = await client.invokeUnchecked(name, input, controller.signal)
    calls.delete(callId)
    sendOpen({ kind: 'result', id: callId, result })
  }

  sendOpen({ kind: 'welcome', ipcVersion })
  return {
    receive: (untrusted) => {
      const parsed = Message.safeParse(untrusted)
      if (!parsed.success) return false
      const message = parsed.data
      switch (message.kind) {
        case 'call':
          if (calls.has(message.id)) return false
          void call(message.id, message.name, message.input)
          return true
        case 'abort':
          calls.get(message.id)?.abort()
          return true
        case 'subscribe':
          subscriptions.get(message.id)?.()
          subscriptions.set(
            message.id,
            client.subscribe(message.topic, (push) => sendOpen({ kind: 'push', id: message.id, message: push })),
          )
          return true
        case 'unsubscribe':
          subscriptions.get(message.id)?.()
          subscriptions.delete(message.id)
          return true
        case 'when-you-leave':
          canTakeOver(message.can === 'take-over')
          return true
      }
    },
    close: () => {
      open = false
      for (const controller of calls.values()) controller.abort()
      for (const unsubscribe of subscriptions.values()) unsubscribe()
      subscriptions.clear()
    },
  }
}
