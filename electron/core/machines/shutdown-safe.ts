// Keeps a QEMU whose guest turns itself off until the copy is complete: told to pause instead of to end, and let go
// afterwards as it would have gone (peers.md E4). Tried on QEMU 7.2: a paused `shutdown` cannot be continued, and nothing
// but `quit`, SIGTERM or a reset leads out of it; with `-no-reboot` a reset is such a shutdown, too, without it a reset
// is none of this business; a panic, whose default is to end QEMU, pauses as `guest-panicked`.

import type { QmpCapabilities, QmpSession } from '../qmp/types.ts'
import type { RunActions } from './command-line/run-actions.ts'

/** What was changed, and what it takes to undo it, also after a restart of Floe. Plain data for a journal. */
export interface ShutdownHold {
  /** Would a panic of the guest have ended QEMU? */
  readonly panicEnds: boolean
}

/**
 * Is QEMU to be kept if its guest turns itself off? Null: it is left as it is, because it stays anyway, because it
 * can't be told, or because nobody knows what its start command wants, to which it would have to be set back.
 * @param status QEMU's run state now; a guest that is off already was kept by somebody else
 */
export function planHold(given: {
  readonly capabilities: QmpCapabilities
  readonly actions: RunActions | null
  readonly status: string
}): ShutdownHold | null {
  const { capabilities, actions, status } = given
  if (!capabilities.hasArgument('set-action', 'shutdown')) return null
  if (actions === null || !actions.certain || actions.shutdown === 'pause') return null
  if (status === 'shutdown' || status === 'guest-panicked') return null
  return { panicEnds: actions.panicEnds }
}

/** May be repeated. @throws the session's errors */
export async function holdShutdown(session: QmpSession): Promise<void> {
  await session.execute('set-action', { shutdown: 'pause' })
}

/**
 * Sets back what `holdShutdown` changed. A QEMU whose guest has turned itself off meanwhile is ended, as it would have
 * been; answers true then. May be repeated.
 * @throws the session's errors; `machine/interrupted` also when QEMU ends by itself at this moment
 */
export async function letShutdown(session: QmpSession, hold: ShutdownHold): Promise<boolean> {
  await session.execute('set-action', { shutdown: 'poweroff' })
  const { status } = await session.execute<{ status: string }>('query-status')
  if (status !== 'shutdown' && !(status === 'guest-panicked' && hold.panicEnds)) return false
  await session.execute('quit')
  return true
}
