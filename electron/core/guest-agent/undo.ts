// Undoing what was done to a guest: one attempt, by the keeper or by the guard.
import { connect } from 'node:net'
import type { QmpEndpoint } from '../../../shared/domain/machine.ts'
import type { Clock } from '../ports/index.ts'
import { processIdentity } from '../ports/process-identity.ts'
import { connectQmp } from '../qmp/connect.ts'
import type { Danger, GuestAccess, OpenAgent } from './types.ts'

/** A monitor that takes commands until it is closed. */
export interface Monitor {
  execute<T>(command: string): Promise<T>
  close(): Promise<void>
}

export interface UndoDeps {
  /**
   * How the monitor of a guest is reached; a connection of its own when left out, as for the guard, or when it answers
   * null.
   */
  readonly openMonitor?: (guest: GuestAccess) => Promise<Monitor | null>
  readonly clock: Clock
  readonly randomBytes: (size: number) => Uint8Array
  readonly openAgent: OpenAgent
  /** How long a guest may take to answer one attempt, in milliseconds. The next one finds what this one left. */
  readonly attemptMs: number
  readonly signal?: AbortSignal
}

/** A guest as its record knows it: `qemu` tells its process from any other of that number. */
export interface KnownGuest extends GuestAccess {
  readonly qemu?: { readonly pid: number; readonly identity: string } | null
}

/** `gone`: QEMU is, and with it what was done to the guest. */
export type Undone = 'undone' | 'gone'

/**
 * A QEMU that was started since has nothing to be undone, and whatever holds its guest is somebody else's wish: where
 * the process is known, it is looked at before anything is said to whoever answers at the sockets.
 * @throws FloeError `agent/*`, `machine/*` when it is not certain that the danger is over
 */
export async function undo(
  danger: Danger,
  guest: KnownGuest,
  deps: UndoDeps,
  isStillOurs: () => Promise<boolean>,
): Promise<Undone> {
  if (guest.qemu && (await isGone(guest))) return 'gone'
  try {
    await (danger === 'frozen' ? thaw(guest, deps) : letRun(guest, deps, isStillOurs))
    return 'undone'
  } catch (error) {
    if (await isGone(guest)) return 'gone'
    throw error
  }
}

async function thaw({ agent, machineName }: KnownGuest, deps: UndoDeps): Promise<void> {
  if (agent === null) throw new Error(`${machineName} was frozen without an agent.`)
  const { randomBytes, signal } = deps
  const session = await deps.openAgent(agent, { randomBytes, synchronise: false, ...(signal ? { signal } : {}) })
  try {
    await session.undoFreeze(deps.attemptMs)
  } finally {
    await session[Symbol.asyncDispose]()
  }
}

/** Lets the CPUs run that Floe stopped: QEMU's run state is then `paused`, any other has another reason. */
async function letRun(guest: KnownGuest, deps: UndoDeps, isStillOurs: () => Promise<boolean>): Promise<void> {
  if (guest.qmp === null) throw new Error(`${guest.machineName} was stopped without a QMP socket.`)
  const { clock, signal } = deps
  const session =
    (await deps.openMonitor?.(guest)) ?? (await connectQmp(guest.qmp, { clock, ...(signal ? { signal } : {}) }))
  try {
    const { status } = await session.execute<{ status: string }>('query-status')
    if (status === 'paused' && (await isStillOurs())) await session.execute('cont')
  } finally {
    await session.close()
  }
}

/**
 * Is this QEMU no more? Its process knows best. Without one, nobody may listen at any of its sockets: a socket file can
 * be deleted under a QEMU that runs on.
 */
export async function isGone(guest: KnownGuest): Promise<boolean> {
  if (guest.qemu) return (await processIdentity(guest.qemu.pid)) !== guest.qemu.identity
  const endpoints = [guest.agent, guest.qmp].filter((endpoint) => endpoint !== null)
  return !(await Promise.all(endpoints.map(mayListen))).includes(true)
}

const nobody = ['ENOENT', 'ENOTDIR', 'ECONNREFUSED']

/** In doubt yes. A connection that QEMU has no time for waits, and is dropped without harm (qemu.md 9). */
function mayListen(endpoint: QmpEndpoint): Promise<boolean> {
  return new Promise((resolve) => {
    const socket =
      endpoint.kind === 'unix'
        ? connect({ path: endpoint.path })
        : connect({ host: endpoint.host, port: endpoint.port })
    const settle = (answer: boolean) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    const timer = setTimeout(() => settle(true), 2_000)
    socket.once('connect', () => settle(true))
    socket.on('error', (error: NodeJS.ErrnoException) => settle(!nobody.includes(error.code ?? '')))
  })
}
