// What a person can choose about one backup, and what becomes of it: the call, the command, the saved default.
import type { DestinationId, DiskId } from '../../../../shared/domain/ids.ts'
import type { Machine } from '../../../../shared/domain/machine.ts'
import type { MachineDefaults, Settings } from '../../../../shared/domain/settings.ts'
import type { Input } from '../../../../shared/ipc/contract.ts'
import { backupCommand } from '../../../../shared/text/commands.ts'
import type { BackUpChoices } from '../../state/back-up-choices.ts'

/** As saved for the machine, else as the settings say. `leaveOut`: a disk whose tick is taken away. */
export function firstChoices(
  machine: Machine,
  settings: Settings,
  destinationId: DestinationId | null,
  leaveOut: DiskId | null,
): BackUpChoices {
  const saved = settings.backupByMachine[machine.id]
  const able = machine.disks.filter((disk) => disk.exclusion === null).map((disk) => disk.id)
  const wanted = saved?.diskIds == null ? able : able.filter((id) => saved.diskIds?.includes(id))
  return {
    destinationId,
    kind: 'automatic',
    disks: new Set(wanted.filter((id) => id !== leaveOut)),
    limit: saved?.limit ?? null,
    check: saved?.check ?? true,
    prove: false,
    freeze: saved?.freeze ?? settings.freeze,
    requireFreeze: saved?.requireFreeze ?? settings.requireFreeze,
  }
}

/** Null: all that can be backed up. */
export function diskIdsOf(machine: Machine, { disks }: BackUpChoices): string[] | null {
  const able = machine.disks.filter((disk) => disk.exclusion === null)
  return able.every((disk) => disks.has(disk.id)) ? null : able.map((disk) => disk.id).filter((id) => disks.has(id))
}

/** What the choice of freezing is in a call. */
export function freezeWishes({ freeze, requireFreeze }: BackUpChoices): { freeze: boolean; requireFreeze: boolean } {
  return { freeze, requireFreeze: freeze && requireFreeze }
}

export function startInput(
  machine: Machine,
  choices: BackUpChoices & { readonly destinationId: DestinationId },
  whenPossible: boolean,
): Input<'backup.start'> {
  return {
    machineId: machine.id,
    destinationId: choices.destinationId,
    diskIds: diskIdsOf(machine, choices),
    kind: choices.kind,
    limit: choices.limit,
    check: choices.check,
    prove: choices.prove,
    ...freezeWishes(choices),
    whenPossible,
  }
}

/** The command that does the same. `note` says what a command can't: it then does as the settings say. */
export function commandOf(
  machine: Machine,
  choices: BackUpChoices,
  settings: Settings,
  place: { readonly destination: string | null; readonly whenPossible: boolean },
): { readonly line: string; readonly note: string | null } {
  const wishes = freezeWishes(choices)
  const usual = settings.backupByMachine[machine.id]?.freeze ?? settings.freeze
  const unsaid = wishes.freeze && !wishes.requireFreeze && (!usual || settings.requireFreeze)
  return {
    line: backupCommand({
      machine: machine.name,
      destination: place.destination,
      disks: diskIdsOf(machine, choices),
      full: choices.kind === 'full',
      limit: choices.limit,
      check: choices.check,
      prove: choices.prove,
      freeze: !wishes.freeze ? 'never' : wishes.requireFreeze ? 'required' : 'as-set',
      whenPossible: place.whenPossible,
    }),
    note: unsaid ? 'About freezing the command does as Settings and this machine’s default say.' : null,
  }
}

/** What Save as Default writes. Parts that equal the settings stay open, so that they follow them. */
export function defaultsOf(machine: Machine, choices: BackUpChoices, settings: Settings): MachineDefaults {
  const { freeze, requireFreeze } = choices
  const before = settings.backupByMachine[machine.id]
  return {
    ...(before?.mountpoints === undefined ? {} : { mountpoints: before.mountpoints }),
    diskIds: diskIdsOf(machine, choices),
    freeze: freeze === settings.freeze ? null : freeze,
    requireFreeze: requireFreeze === settings.requireFreeze ? null : requireFreeze,
    limit: choices.limit,
    check: choices.check,
  }
}

/** Would Save as Default change nothing? Kind and proof are choices about one backup; they are never saved. */
export function isDefault(machine: Machine, choices: BackUpChoices, settings: Settings): boolean {
  if (choices.destinationId === null || settings.destinationByMachine[machine.id] !== choices.destinationId)
    return false
  const now = firstChoices(machine, settings, choices.destinationId, null)
  return (
    [...now.disks].toSorted().join('\n') === [...choices.disks].toSorted().join('\n') &&
    now.limit === choices.limit &&
    now.check === choices.check &&
    now.freeze === choices.freeze &&
    now.requireFreeze === choices.requireFreeze
  )
}
