// The instant itself: with the guest's CPUs stopped, every device is put above its filter, so that all disks show the
// same moment and no write falls between (peers.md E1, E2). The commands go out together: what QEMU has received it
// carries out, and the pause is as short as QEMU can make it.
import type { GuestGuard } from '../guest-agent/types.ts'
import type { Clock, Logger } from '../ports/index.ts'
import type { QmpEventListener, QmpSession } from '../qmp/types.ts'
import { type Command, insertionOf } from './commands.ts'
import { deviceRoots } from './devices.ts'
import { fleecingHindrance } from './feasible.ts'
import type { Instant, SnapshotDisk } from './types.ts'

export interface InsertOptions {
  readonly guard: GuestGuard
  readonly clock: Clock
  readonly logger: Logger
  /** Carried out with the guest stopped and nothing in its way yet: what must miss no write from the instant on. */
  readonly atStop?: readonly Command[]
  /** Carried out with the guest stopped and the snapshots readable: what reads them, and what must begin with them. */
  readonly atInstant?: readonly Command[]
}

/**
 * Puts the filters in the guest's way, all at one instant. On failure none, some or all filters are in place:
 * removeSnapshots takes them out. Unless QEMU has said that the guest runs again, `stopped` stays raised, and whoever
 * gave the guard lets the guest run.
 * @throws QmpExecuteError, the session's errors, Error when somebody changed the machine at this very moment
 */
export async function insertFilters(
  session: QmpSession,
  disks: readonly SnapshotDisk[],
  options: InsertOptions,
): Promise<Instant> {
  const listener = session.listen(['STOP', 'RESUME', 'WAKEUP'])
  try {
    const { running } = await session.execute<{ running: boolean }>('query-status')
    await assertStillFeasible(session, disks)
    const inner = [...(options.atStop ?? []), ...insertionOf(disks), ...(options.atInstant ?? [])]
    if (!running) return await insertAtRest(session, inner, { listener, clock: options.clock })
    await warned(options)
    const inside = allOf([{ execute: 'stop' }, ...inner], session)
    const stayed = session.execute<{ running: boolean }>('query-status').then((status) => {
      if (status.running) throw letRun()
    })
    const runs = session.execute('cont').then(() => options.guard.lower('stopped'))
    const failed = (await Promise.allSettled([inside, stayed, runs])).find((end) => end.status === 'rejected')
    if (failed) throw failed.reason
    const pause = await pauseOf(listener)
    return { at: new Date(pause?.from ?? options.clock.now()).toISOString(), pausedMs: pause?.ms ?? null }
  } finally {
    listener.close()
  }
}

/**
 * Much may have happened since the plan was made. A device that was given another image meanwhile would be put back on
 * the old one, with its old data, and a mirror that was started since would miss the guest's writes.
 */
async function assertStillFeasible(session: QmpSession, disks: readonly SnapshotDisk[]): Promise<void> {
  const hindrance = await fleecingHindrance(session)
  if (hindrance !== null) throw new Error(hindrance)
  const roots = await deviceRoots(session)
  for (const { id, device, rootNode } of disks) {
    if (roots.some((root) => root.path === device && root.node === rootNode)) continue
    throw new Error(`The disk ${id} was taken away or given another image just now.`)
  }
}

/** Nobody may let the guest run meanwhile: its disks would not show the same moment. */
async function insertAtRest(
  session: QmpSession,
  inner: readonly Command[],
  { listener, clock }: { readonly listener: QmpEventListener; readonly clock: Clock },
): Promise<Instant> {
  const at = clock.now().toISOString()
  await allOf(inner, session)
  const now = AbortSignal.abort()
  for (let event = await listener.next(now); event !== null; event = await listener.next(now)) {
    if (event.event !== 'STOP') throw letRun()
  }
  return { at, pausedMs: null }
}

/**
 * Without a guard the guest would stay stopped only if Floe died within these milliseconds; while it lives, whoever gave
 * the guard knows of the stop all the same. No backup at all is worse.
 */
async function warned({ guard, logger }: InsertOptions): Promise<void> {
  try {
    await guard.raise('stopped')
  } catch (error) {
    logger.error('The guest is stopped for some milliseconds without a guard', { error: String(error) })
  }
}

/** Sends all at once; the first refusal is thrown after all have been answered. */
async function allOf(commands: readonly Command[], session: QmpSession): Promise<void> {
  const answers = await Promise.allSettled(
    commands.map((command) => session.execute(command.execute, command.arguments ?? {})),
  )
  const refused = answers.find((answer) => answer.status === 'rejected')
  if (refused) throw refused.reason
}

/** Another program on a monitor of its own can do so between any two commands: QEMU serves its monitors in turn. */
const letRun = () => new Error('The guest was paused, and was let run while its instant was taken.')

/**
 * By QEMU's own clock: Floe may have been busy when the answers came. Both events precede the answer to `cont`.
 * @throws Error when the guest was let run and stopped again in between
 */
async function pauseOf(listener: QmpEventListener): Promise<{ from: number; ms: number } | null> {
  const now = AbortSignal.abort()
  let stopped: number | null = null
  let resumed: number | null = null
  for (let event = await listener.next(now); event !== null; event = await listener.next(now)) {
    if (event.event === 'STOP') stopped ??= event.timestamp
    if (event.event === 'RESUME' && resumed !== null) throw letRun()
    if (event.event === 'RESUME') resumed = event.timestamp
  }
  return stopped === null || resumed === null ? null : { from: stopped, ms: resumed - stopped }
}
