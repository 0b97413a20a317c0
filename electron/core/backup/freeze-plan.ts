// Will the guest be frozen around the instant? From what the person wishes, what the settings say, and what the machine
// has; before anything is done.
import type { FreezeCause } from '../../../shared/domain/job.ts'
import type { Machine } from '../../../shared/domain/machine.ts'
import type { Settings } from '../../../shared/domain/settings.ts'
import { FloeError } from '../errors.ts'
import type { FreezePlan } from '../instant/types.ts'

export interface FreezeWishes {
  /** Null: as the settings say. */
  readonly freeze: boolean | null
  readonly requireFreeze: boolean | null
  /** Null: as saved for the machine, else all. */
  readonly mountpoints?: readonly string[] | null
}

/** Pure. @throws FloeError `backup/freeze-required` when it is clear already that a required freeze cannot be */
export function planFreeze(machine: Machine, wishes: FreezeWishes, settings: Settings): FreezePlan {
  const plan = freezePlan(
    machine,
    wishes.freeze ?? settings.backupByMachine[machine.id]?.freeze ?? settings.freeze,
    settings,
  )
  const saved = settings.backupByMachine[machine.id]
  const required = wishes.requireFreeze ?? ((saved?.requireFreeze ?? settings.requireFreeze) && wishes.freeze !== false)
  const mountpoints = wishes.mountpoints ?? saved?.mountpoints ?? null
  if (plan.kind === 'freeze') return { ...plan, required, mountpoints }
  if (!required || machine.state.kind === 'off') return plan
  throw new FloeError(
    'backup/freeze-required',
    `${machine.name} has to be frozen and cannot be: ${lower(plan.reason)}`,
    {
      params: { machine: machine.name, cause: plan.cause },
      remedy: 'Set up the guest agent, or choose not to freeze.',
    },
  )
}

const lower = (sentence: string) => sentence.slice(0, 1).toLowerCase() + sentence.slice(1)

function freezePlan(machine: Machine, wanted: boolean, settings: Settings): FreezePlan {
  const no = (cause: FreezeCause, reason: string): FreezePlan => ({ kind: 'no-freeze', cause, reason })
  if (machine.state.kind === 'off') return no('off', 'The machine is off.')
  if (!wanted) return no('not-wanted', 'Freezing was switched off.')
  if (machine.state.kind === 'guest-paused') {
    return no('guest-paused', 'The guest was paused and could not be asked to freeze.')
  }
  if (machine.agentPath === null) {
    return no('no-agent', 'The machine has no channel to a guest agent.')
  }
  return {
    kind: 'freeze',
    required: false,
    mountpoints: null,
    limitMs: settings.freezeLimitSeconds * 1000,
    holdMs: settings.freezeHoldSeconds * 1000,
  }
}
