// Which disks of a machine a backup takes, and why it leaves others out.
import type { Disk, DiskExclusion } from '../../domain/disk.ts'
import type { Machine } from '../../domain/machine.ts'

/** Disks a backup takes by default. */
export function backedUpDisks(machine: Machine): readonly Disk[] {
  return machine.disks.filter((disk) => disk.exclusion === null)
}

const exclusions: Readonly<Record<DiskExclusion, string>> = {
  empty: 'No medium in the drive',
  'read-only': 'Read-only, not needed',
  removable: 'Removable medium, not needed',
  'not-attached': 'Not attached to the machine',
  temporary: 'Temporary: its changes are thrown away at shutdown',
  unreadable: 'QEMU can’t say what it is',
}

/** Why a disk is not backed up; null when it is. */
export function exclusionWords(disk: Pick<Disk, 'exclusion'>): string | null {
  return disk.exclusion === null ? null : exclusions[disk.exclusion]
}
