// Freezing a guest and thawing it again, one step each. What is not certain to have worked counts as not frozen.
import { FloeError } from '../errors.ts'
import type { Ports } from '../ports/index.ts'
import { seconds, sharedAgent } from './errors.ts'
import { eachOnce, frozenShare } from './frozen-share.ts'
import type { TouchedGuest } from './touched-guest.ts'
import type { AgentSession, FreezeOutcome, FreezeWish, GuestFileSystem, MountedFileSystem, OpenAgent } from './types.ts'

export interface FreezeDeps {
  readonly ports: Pick<Ports, 'clock' | 'logger' | 'randomBytes'>
  readonly openAgent: OpenAgent
  readonly touched: TouchedGuest
  readonly onPhase: (phase: 'freezing' | 'frozen' | 'thawing' | 'thawed') => void
  /** How long the thaw may take before the keeper's retries take over, in milliseconds. */
  readonly thawMs: number
}

export type NotFrozen = FreezeOutcome & { readonly kind: 'not-frozen' }

export interface Frozen {
  readonly kind: 'frozen'
  readonly session: AgentSession
  /** How many file systems the guest froze. */
  readonly count: number
  /** Monotonic, in milliseconds. */
  readonly confirmedAt: number
  readonly confirmedAfterMs: number
  readonly fileSystems: readonly GuestFileSystem[]
  /** Others were not frozen, or nobody can say that they were. */
  readonly partial: boolean
}

export const notFrozen = (cause: NotFrozen['cause'], reason: string): NotFrozen => ({
  kind: 'not-frozen',
  cause,
  reason,
})

function outcomeOf(error: unknown, machineName: string): NotFrozen {
  const reason = error instanceof Error ? error.message : String(error)
  if (!(error instanceof FloeError)) return notFrozen('refused', `${machineName} was not frozen: ${reason}`)
  if (error.code === 'agent/refused') return notFrozen('refused', error.message)
  return error.code.startsWith('agent/') ? notFrozen('no-answer', error.message) : notFrozen('refused', error.message)
}

/** `required`: what is not wholly frozen counts as not frozen. */
type Wish = FreezeWish & { readonly required: boolean }

/**
 * Freezes the guest and answers once that is confirmed, or was undone. After a freeze whose undoing is not confirmed,
 * `frozen` stays raised and is let loose for the keeper.
 */
export async function freeze(wish: Wish, deps: FreezeDeps): Promise<Frozen | NotFrozen> {
  const { guest } = deps.touched
  if (guest.agent === null) {
    return notFrozen('no-agent', `${guest.machineName} has no channel to a guest agent, so it cannot be frozen.`)
  }
  if (guest.agentSharedWith) return notFrozen('no-agent', sharedAgent(guest.machineName, guest.agentSharedWith))
  let session: AgentSession
  try {
    session = await deps.openAgent(guest.agent, { randomBytes: deps.ports.randomBytes })
  } catch (error) {
    return outcomeOf(error, guest.machineName)
  }
  let answer: Frozen | NotFrozen
  try {
    answer = await freezeIn(session, wish, deps)
  } catch (error) {
    answer = outcomeOf(error, guest.machineName)
  }
  if (answer.kind === 'not-frozen') await session[Symbol.asyncDispose]()
  return answer
}

/** @throws FloeError before the guest was touched */
async function freezeIn(session: AgentSession, wish: Wish, deps: FreezeDeps): Promise<Frozen | NotFrozen> {
  const { touched, ports, onPhase } = deps
  if ((await session.freezeStatus()) === 'frozen') {
    const reason = `${touched.guest.machineName} was frozen already, by another program than Floe; that was left alone.`
    return notFrozen('refused', reason)
  }
  const { machineName } = touched.guest
  const mounted = await mountedIn(session)
  const mountpoints = wish.mountpoints === null ? null : eachOnce(wish.mountpoints)
  await touched.raise('frozen')
  onPhase('freezing')
  const began = ports.clock.monotonic()
  try {
    const count = await session.freeze({ mountpoints, timeoutMs: wish.limitMs })
    const confirmedAt = ports.clock.monotonic()
    const confirmedAfterMs = confirmedAt - began
    const share = frozenShare({ machineName, mountpoints, mounted, count, required: wish.required })
    if (share.kind === 'enough') {
      const { fileSystems, partial } = share
      onPhase('frozen')
      return { kind: 'frozen', session, count, confirmedAt, confirmedAfterMs, fileSystems, partial }
    }
    const undone = await undoFreeze(session, deps)
    if (count === 0) return notFrozen('refused', share.why)
    return notFrozen(
      'refused',
      undone
        ? `${share.why} The freeze was undone.`
        : `${share.why} The guest has not confirmed that the freeze was undone.`,
    )
  } catch (error) {
    const undone = await undoFreeze(session, deps)
    if (!(error instanceof FloeError && error.code === 'agent/too-slow'))
      return outcomeOf(error, touched.guest.machineName)
    return notFrozen(
      'too-slow',
      undone
        ? `Freezing was undone after ${seconds(wish.limitMs)}, because ${touched.guest.machineName} had not confirmed it by then.`
        : `${touched.guest.machineName} did not confirm the freeze within ${seconds(wish.limitMs)}, nor since then that it was undone.`,
    )
  }
}

/** Agents that may not tell are no reason against freezing. */
async function mountedIn(session: AgentSession): Promise<readonly MountedFileSystem[] | null> {
  try {
    return await session.fileSystems()
  } catch (error) {
    if (error instanceof FloeError && error.code === 'agent/refused') return null
    throw error
  }
}

/** True when the guest confirmed that it is not frozen; otherwise the keeper goes on with it. */
async function undoFreeze(session: AgentSession, deps: FreezeDeps): Promise<boolean> {
  return (await thawed(session, deps)) !== null
}

/** How many file systems were thawed, and when that was confirmed; null when it was not. Never rejects. */
export async function thawed(
  session: AgentSession,
  { touched, ports, onPhase, thawMs }: FreezeDeps,
): Promise<{ readonly count: number; readonly at: number } | null> {
  onPhase('thawing')
  try {
    const count = await session.undoFreeze(thawMs)
    const at = ports.clock.monotonic()
    onPhase('thawed')
    await touched.lower('frozen')
    return { count, at }
  } catch (error) {
    ports.logger.error(`${touched.guest.machineName} has not confirmed that it is thawed`, { error })
    return null
  }
}
