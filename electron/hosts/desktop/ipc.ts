// The three channels of the contract in Electron's main process. Every message is checked for who sent it: the main
// frame of a window of ours, on a page of ours. Anything else is refused and logged.
import { ipcMain, type WebContents, type WebFrameMain } from 'electron'
import { channels } from '../../../shared/ipc/channels.ts'
import type { TopicName } from '../../../shared/ipc/contract.ts'
import { isKnownTopic } from '../../../shared/ipc/names.ts'
import { failed, type Result } from '../../../shared/ipc/result.ts'
import { FloeError, toProblem } from '../../core/errors.ts'
import type { FloeClient } from '../../core/gate/client.ts'
import type { Logger } from '../../core/ports/index.ts'
import { isOurPage } from './app-protocol.ts'

/** What belongs to one page: ends when the page is loaded anew or is gone. */
interface Visit {
  readonly calls: Map<string, AbortController>
  readonly subscriptions: Map<TopicName, () => void>
}

type Sender = { readonly sender: WebContents; readonly senderFrame: WebFrameMain | null }

/** Serves `client` to the windows that `admit` was called for. */
export function serveWindows(client: FloeClient, logger: Logger): { admit(contents: WebContents): void } {
  const visits = new Map<number, Visit>()

  const visitOf = (event: Sender, channel: string): Visit | null => {
    const frame = event.senderFrame
    const visit = visits.get(event.sender.id)
    if (visit && frame !== null && frame.parent === null && isOurPage(frame.url)) return visit
    logger.warn('A message from a page that is not ours was refused', { channel, url: frame?.url })
    return null
  }

  ipcMain.handle(channels.invoke, async (event, message: unknown): Promise<Result<unknown>> => {
    const visit = visitOf(event, channels.invoke)
    if (visit === null) return failed(toProblem(new FloeError('ipc/forbidden', 'This page may not use Floe.')))
    const { name, input, callId } = (message ?? {}) as { name?: unknown; input?: unknown; callId?: unknown }
    const key = String(callId)
    const controller = new AbortController()
    visit.calls.set(key, controller)
    try {
      return await client.invokeUnchecked(String(name), input, controller.signal)
    } finally {
      visit.calls.delete(key)
    }
  })

  ipcMain.on(channels.control, (event, message: unknown) => {
    const visit = visitOf(event, channels.control)
    if (visit === null) return
    const { kind, topic, callId } = (message ?? {}) as { kind?: unknown; topic?: unknown; callId?: unknown }
    if (kind === 'abort') {
      visit.calls.get(String(callId))?.abort()
      return
    }
    if (typeof topic !== 'string' || !isKnownTopic(topic)) return
    visit.subscriptions.get(topic)?.()
    visit.subscriptions.delete(topic)
    if (kind !== 'subscribe') return
    const contents = event.sender
    visit.subscriptions.set(
      topic,
      client.subscribe(topic, (push) => {
        if (!contents.isDestroyed()) contents.send(channels.push, push)
      }),
    )
  })

  return {
    admit: (contents) => {
      const visit: Visit = { calls: new Map(), subscriptions: new Map() }
      visits.set(contents.id, visit)
      const end = () => {
        for (const stop of visit.subscriptions.values()) stop()
        visit.subscriptions.clear()
        for (const controller of visit.calls.values()) controller.abort()
      }
      contents.on('did-start-navigation', (details) => {
        if (details.isMainFrame && !details.isSameDocument) end()
      })
      contents.on('render-process-gone', end)
      contents.once('destroyed', () => {
        end()
        visits.delete(contents.id)
      })
    },
  }
}
