// The moment that all disks of a point show: frozen around it where that is wished and works, and what it is worth then.
import { FloeError } from '../errors.ts'
import type { FreezeOutcome, GuestGuard, GuestKeeper } from '../guest-agent/types.ts'
import type { Instant } from '../instant/types.ts'
import type { BackupHeader } from './journal.ts'
import type { RunView } from './run-context.ts'
import type { BackupInstant } from './state.ts'

interface Moment {
  readonly header: BackupHeader
  readonly keeper: Pick<GuestKeeper, 'around'>
}

/**
 * Sets the instant by `take`, which runs at most once.
 * @throws FloeError `backup/freeze-required`, and whatever `take` throws
 */
export async function takeInstant(
  { header, keeper }: Moment,
  view: Pick<RunView, 'onFreeze'>,
  take: (guard: GuestGuard) => Promise<Instant>,
): Promise<BackupInstant> {
  const { freeze: plan, way } = header.plan
  const wish =
    plan.kind === 'freeze'
      ? plan
      : { notFrozen: { kind: 'not-frozen', cause: plan.cause, reason: plan.reason } as const }
  const { value, freeze } = await keeper.around(header.guest, wish, take, (phase) => view.onFreeze(phase))
  if (plan.kind === 'freeze' && plan.required && freeze.kind === 'not-frozen') throw notHeld(header, freeze.reason)
  return { ...value, ...worthOf(freeze, way === 'offline') }
}

/** The instant was taken, but nobody can say that the guest was frozen then. */
export const notHeld = ({ machineName }: Pick<BackupHeader, 'machineName'>, reason: string) =>
  new FloeError('backup/freeze-required', reason, {
    params: { machine: machineName },
    remedy: 'Try again, or back up without freezing.',
  })

function worthOf(
  freeze: FreezeOutcome,
  off: boolean,
): Pick<BackupInstant, 'consistency' | 'freeze' | 'reason' | 'cause'> {
  if (freeze.kind === 'frozen') {
    const { heldMs, confirmedAfterMs, fileSystems, partial } = freeze
    const held = { heldMs, confirmedAfterMs, fileSystems: [...fileSystems], ...(partial ? { partial } : {}) }
    return { consistency: 'frozen', freeze: held, reason: null, cause: null }
  }
  if (off) return { consistency: 'offline', freeze: null, reason: null, cause: null }
  return { consistency: 'crash-consistent', freeze: null, reason: freeze.reason, cause: freeze.cause }
}
