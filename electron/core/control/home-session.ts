// One process owns a home and runs the core; every other process on the same home works through it. This room decides
// who that is (`owner-lock.ts`), connects the others to it (`control-server.ts`, `remote-client.ts`), and when the owner
// leaves or dies lets a long-running guest take its place (`home-session.ts`, `session-client.ts`).
import { setTimeout as delay } from 'node:timers/promises'
import { FloeError } from '../errors.ts'
import type { FloeClient } from '../gate/client.ts'
import { homePaths } from '../home/home-paths.ts'
import type { Ports } from '../ports/index.ts'
import { type ControlServer, removeLeftSocket, startControlServer } from './control-server.ts'
import { prepareHome } from './home-folder.ts'
import { type OwnerLock, readLock, takeLock } from './owner-lock.ts'
import { connectToOwner, type RemoteClient } from './remote-client.ts'
import { SessionClient } from './session-client.ts'

export interface RunningCore {
  readonly client: FloeClient
  stop(): Promise<void>
}

export interface HomeOptions {
  readonly homeDir: string
  readonly ports: Pick<Ports, 'logger' | 'clock'>
  readonly startCore: () => Promise<RunningCore>
  /** `long-running` (desktop, web) becomes owner when the owner leaves; `one-shot` (a command) then fails its calls. */
  readonly mode: 'long-running' | 'one-shot'
  /** How long to wait for an owner that runs but does not answer; default 60,000. */
  readonly patienceMs?: number
}

/** `between`: the owner has left and the next one is not there yet. */
export type Role = 'owner' | 'guest' | 'between'

export interface HomeSession {
  /** Stays valid whoever owns the home; subscribers get a fresh snapshot whenever that changes. */
  readonly client: FloeClient
  role(): Role
  onRole(listener: (role: Role) => void): () => void
  /**
   * For a command that owns the home and is done: others may have joined it since, and cannot go on without it. Resolves
   * when none is left, or at the abort. `waiting` is called if there is somebody to wait for.
   */
  untilUnneeded(signal: AbortSignal, waiting: () => void): Promise<void>
  /** An owner stops its core first and gives the home up last. Safe to call twice. */
  stop(): Promise<void>
}

type Place =
  | { readonly kind: 'owner'; readonly core: RunningCore; readonly server: ControlServer; readonly lock: OwnerLock }
  | { readonly kind: 'guest'; readonly remote: RemoteClient }

/**
 * Joins the home as its owner or as a guest of the owner.
 * @throws FloeError `system/home-unwritable`, `ipc/disconnected`, or whatever `startCore` throws
 */
export async function openHome(options: HomeOptions): Promise<HomeSession> {
  const paths = homePaths(options.homeDir)
  await prepareHome(paths)
  const session = new SessionClient()
  const listeners = new Set<(role: Role) => void>()
  let place: Place | null = null
  let stopping: Promise<void> | null = null
  let role: Role = 'between'

  const become = (next: Role) => {
    role = next
    for (const listener of listeners) listener(next)
  }

  let settling: Promise<void> = Promise.resolve()
  const settle = (): Promise<void> => {
    settling = settleOnce()
    return settling
  }

  const settleOnce = async (): Promise<void> => {
    const joined = await join(options, paths, () => stopping !== null)
    if (stopping !== null) {
      await leave(joined)
      return
    }
    place = joined
    become(joined.kind)
    session.use(joined.kind === 'owner' ? joined.core.client : joined.remote.client)
    if (joined.kind === 'guest') void joined.remote.closed.then(ownerLeft)
  }

  const ownerLeft = async (): Promise<void> => {
    place = null
    if (stopping !== null) return
    become('between')
    if (options.mode === 'one-shot') {
      session.end()
      return
    }
    session.wait()
    while (stopping === null) {
      try {
        await settle()
        return
      } catch (error) {
        options.ports.logger.error('Taking over the home folder failed', { error: String(error) })
        session.fail(error)
        await delay(2_000)
      }
    }
  }

  const stop = async (): Promise<void> => {
    session.end()
    // A takeover that has begun is seen through: it must not be cut off between the lock and the core.
    await settling.catch(() => {})
    if (place !== null) await leave(place)
    place = null
  }

  const untilUnneeded = async (signal: AbortSignal, waiting: () => void): Promise<void> => {
    if (place?.kind !== 'owner') return
    const { server } = place
    if (server.isNeeded() && !signal.aborted) waiting()
    await server.whenUnneeded(signal)
    // Who came in this very moment is served too; later ones wait for the next owner.
    await server.stopListening()
    await server.whenUnneeded(signal)
  }

  await settle()
  return {
    client: session,
    role: () => role,
    onRole: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    untilUnneeded,
    stop: () => {
      stopping ??= stop()
      return stopping
    },
  }
}

async function join(options: HomeOptions, paths: ReturnType<typeof homePaths>, givenUp: () => boolean): Promise<Place> {
  const { clock } = options.ports
  const deadline = clock.monotonic() + (options.patienceMs ?? 60_000)
  for (;;) {
    const state = await readLock(paths.ownerLock)
    if (state.kind === 'free') {
      const lock = await takeLock(paths.ownerLock, state)
      if (lock !== null) return own(options, paths.controlSocket, lock, state.leftSocket)
      continue
    }
    const { owner } = state
    const remote = owner.socket === null ? null : await tryConnect(owner.socket, options.mode)
    if (remote !== null) return { kind: 'guest', remote }
    if (givenUp()) throw new FloeError('ipc/disconnected', 'Floe is closing.')
    if (clock.monotonic() > deadline) {
      throw new FloeError('ipc/disconnected', `Floe (pid ${owner.pid}) uses ${paths.root} but does not answer.`, {
        params: { pid: owner.pid, path: paths.root },
        remedy: 'Wait until it has started, or quit it.',
      })
    }
    await delay(50)
  }
}

/** Null when the owner is just leaving: its socket is gone or closes at once. */
async function tryConnect(path: string, mode: HomeOptions['mode']): Promise<RemoteClient | null> {
  try {
    return await connectToOwner(path, mode === 'long-running' ? 'take-over' : 'only-fail')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ECONNRESET' || code === 'EPIPE') return null
    throw error
  }
}

async function own(
  options: HomeOptions,
  socketPath: string,
  lock: OwnerLock,
  leftSocket: string | null,
): Promise<Place> {
  let core: RunningCore | null = null
  let server: ControlServer | null = null
  try {
    if (leftSocket !== null) await removeLeftSocket(leftSocket)
    core = await options.startCore()
    server = await startControlServer(socketPath, core.client, options.ports)
    await lock.serve(server.path)
    return { kind: 'owner', core, server, lock }
  } catch (error) {
    // What failed first is what people must hear; the rest is for the log.
    const unwind = [() => server?.stopListening(), () => core?.stop(), () => lock.release()]
    for (const step of unwind) {
      try {
        await step()
      } catch (failure) {
        options.ports.logger.error('Giving up the home folder failed', { error: failure })
      }
    }
    server?.disconnectAll()
    throw error
  }
}

/** The socket's name goes before the lock does, so that it is never the next owner's socket that is removed. */
async function leave(place: Place): Promise<void> {
  if (place.kind === 'guest') {
    place.remote.close()
    await place.remote.closed
    return
  }
  // First nobody new: who comes now waits for the next owner instead of asking a core that is ending.
  try {
    await place.server.stopListening()
    await place.core.stop()
  } finally {
    try {
      await place.lock.release()
    } finally {
      place.server.disconnectAll()
    }
  }
}
