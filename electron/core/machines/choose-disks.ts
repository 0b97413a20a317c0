// Which disks of a machine are meant, for everything that reads them: backups and exports.
import type { Disk, DiskExclusion } from '../../../shared/domain/disk.ts'
import { FloeError } from '../errors.ts'

export interface DiskChoice {
  readonly machineName: string
  readonly inventory: readonly Disk[]
  /** Disk ids or aliases; null: all that can be backed up. */
  readonly wanted: readonly string[] | null
}

/** The disks meant by `wanted`. @throws FloeError `backup/no-disks`, `backup/disk-unknown`, `backup/disk-excluded` */
export function chooseDisks({ inventory, wanted, machineName }: DiskChoice): readonly Disk[] {
  const chosen =
    wanted === null
      ? inventory.filter((disk) => disk.exclusion === null)
      : [...new Set(wanted.map((name) => findDisk(name, inventory, machineName)))]
  for (const disk of chosen) assertCopyable(disk, machineName)
  if (chosen.length > 0) return chosen
  throw new FloeError('backup/no-disks', `${machineName} has no disk that Floe can copy.`, {
    params: { machine: machineName },
  })
}

function findDisk(name: string, inventory: readonly Disk[], machineName: string): Disk {
  const byId = inventory.find((disk) => disk.id === name)
  const found = byId ? [byId] : inventory.filter((disk) => disk.aliases.includes(name))
  if (found.length === 1) return found[0] as Disk
  const names = inventory.map((disk) => disk.id).join(', ')
  const message =
    found.length === 0
      ? `${machineName} has no disk "${name}".`
      : `${machineName} has several disks called "${name}": ${found.map((disk) => disk.id).join(', ')}.`
  throw new FloeError('backup/disk-unknown', message, {
    params: { machine: machineName, disk: name },
    remedy: names === '' ? 'The machine has no disks.' : `Its disks are: ${names}.`,
  })
}

/** Why a disk is left out, to follow a colon. */
export const exclusions: Readonly<Record<DiskExclusion, string>> = {
  empty: 'there is no medium in it',
  'read-only': 'it is read-only',
  removable: 'it is a removable medium',
  'not-attached': 'no device of the machine uses it',
  temporary: 'its changes are thrown away when the machine ends (snapshot=on)',
  unreadable: 'its image cannot be read',
}

function assertCopyable(disk: Disk, machineName: string): void {
  const why =
    disk.exclusion === null ? (disk.node === null ? 'QEMU has no node for it' : null) : exclusions[disk.exclusion]
  if (why === null) return
  throw new FloeError('backup/disk-excluded', `The disk ${disk.id} of ${machineName} can't be copied: ${why}.`, {
    params: { machine: machineName, disk: disk.id, reason: disk.exclusion ?? 'unreadable' },
    remedy: 'Leave this disk out.',
  })
}
