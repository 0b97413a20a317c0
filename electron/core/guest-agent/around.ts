import { FloeError } from '../errors.ts'
import { seconds } from './errors.ts'
import { type FreezeDeps, type Frozen, freeze, type NotFrozen, notFrozen, thawed } from './freeze.ts'
import type { TouchedGuest } from './touched-guest.ts'
import type { FreezeOutcome, FreezeWish, GuestGuard } from './types.ts'

export interface FreezeAroundDeps extends FreezeDeps {
  /** Called when freezing has ended without a thaw that is confirmed. */
  readonly onLoose: () => void
}

export interface Taken<T> {
  readonly value: T
  readonly freeze: FreezeOutcome
}

/**
 * Runs `take` with the guest frozen around it, or says why it was not. A guest that is not thawed in the end keeps
 * `frozen` raised.
 * @throws FloeError `backup/freeze-required`, and whatever `take` throws
 */
export async function takeFrozen<T>(
  wish: FreezeWish & { readonly required: boolean },
  take: (guard: GuestGuard) => Promise<T>,
  deps: FreezeAroundDeps,
): Promise<Taken<T>> {
  const begun = await freeze(wish, deps)
  if (begun.kind === 'frozen') return takeWhile(begun, wish, take, deps)
  if (deps.touched.holds('frozen') !== null) deps.onLoose()
  if (wish.required) throw freezeRequired(begun, deps.touched)
  return { value: await take(deps.touched), freeze: begun }
}

async function takeWhile<T>(
  frozen: Frozen,
  wish: FreezeWish,
  take: (guard: GuestGuard) => Promise<T>,
  deps: FreezeAroundDeps,
): Promise<Taken<T>> {
  let tooLong = false
  let thawing: ReturnType<typeof thawed> | null = null
  const thaw = () => {
    thawing ??= thawed(frozen.session, deps).then(async (end) => {
      await frozen.session[Symbol.asyncDispose]()
      if (end === null) deps.onLoose()
      return end
    })
    return thawing
  }
  const limit = setTimeout(() => {
    tooLong = true
    void thaw()
  }, wish.holdMs)
  const taking = Promise.resolve().then(() => take(deps.touched))
  await taking.catch(() => {})
  clearTimeout(limit)
  const end = await thaw()
  const value = await taking
  return { value, freeze: outcome(frozen, end, tooLong, wish, deps) }
}

function outcome(
  frozen: Frozen,
  end: Awaited<ReturnType<typeof thawed>>,
  tooLong: boolean,
  wish: FreezeWish,
  deps: FreezeDeps,
): FreezeOutcome {
  const { machineName } = deps.touched.guest
  if (tooLong) {
    const reason = `${machineName} was thawed after ${seconds(wish.holdMs)}, before the instant was taken, because it should not be frozen for longer.`
    return notFrozen('thawed-early', reason)
  }
  if (end === null) {
    const reason = `${machineName} has not confirmed the thaw, so Floe cannot say whether it was frozen until then.`
    return notFrozen('no-answer', reason)
  }
  if (end.count < frozen.count) {
    const reason = `Something thawed ${machineName} before Floe did, so Floe cannot say whether it was frozen at the instant.`
    return notFrozen('thawed-early', reason)
  }
  const { confirmedAfterMs, confirmedAt, fileSystems, partial } = frozen
  return { kind: 'frozen', heldMs: end.at - confirmedAt, confirmedAfterMs, fileSystems, partial }
}

export function freezeRequired({ cause, reason }: NotFrozen, { guest }: TouchedGuest): FloeError {
  return new FloeError('backup/freeze-required', reason, {
    params: { machineId: guest.machineId, machine: guest.machineName, freezeCause: cause },
    remedy: 'Try again, or choose not to freeze.',
  })
}
