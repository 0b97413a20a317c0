/**
 * Every problem Floe can tell of, with its severity and the exit status of the CLI.
 * A code is stable: scripts and the renderer rely on it. Texts live in shared/text/problems.ts.
 */
type Entry = { readonly severity: 'error' | 'warning'; readonly exit: 2 | 3 | 4 | 5 | 6 | 7 | 130 }

const machine = { severity: 'error', exit: 3 } as const
const destination = { severity: 'error', exit: 4 } as const
const backup = { severity: 'error', exit: 5 } as const
const restore = { severity: 'error', exit: 6 } as const
const usage = { severity: 'error', exit: 2 } as const

export const problemTable = {
  // machine: reaching QEMU and understanding it
  'machine/unknown': machine,
  'machine/ambiguous': machine,
  'machine/socket-missing': machine,
  'machine/not-a-socket': machine,
  'machine/socket-path-too-long': machine,
  'machine/no-permission': machine,
  'machine/refused': machine,
  'machine/busy': machine,
  'machine/silent': machine,
  'machine/closed-in-greeting': machine,
  'machine/speaks-hmp': machine,
  'machine/speaks-garbage': machine,
  'machine/line-too-long': machine,
  'machine/no-socket': machine,
  'machine/off': machine,
  'machine/not-qemu': machine,
  'machine/qemu-refused': machine,
  'machine/interrupted': machine,
  'machine/timeout': machine,
  'machine/has-jobs': machine,
  // agent: the guest's own helper
  'agent/unreachable': machine,
  'agent/no-answer': machine,
  'agent/garbage': machine,
  'agent/refused': machine,
  'agent/too-slow': machine,
  /** The loudest alarm there is: the guest may still be frozen. */
  'agent/not-thawed': machine,
  // destination: the place with the backups
  'destination/unknown': destination,
  'destination/ambiguous': destination,
  'destination/none': destination,
  'destination/missing': destination,
  'destination/not-a-folder': destination,
  'destination/read-only': destination,
  'destination/no-permission': destination,
  'destination/full': destination,
  'destination/no-space-before': destination,
  'destination/other-disk': destination,
  'destination/fat': destination,
  'destination/holds-image': destination,
  'destination/in-use': destination,
  'destination/newer-format': destination,
  'destination/damaged-marker': destination,
  'destination/already-added': destination,
  'destination/locked': destination,
  /** The system's error, whatever was being done: backing up, deleting, restoring, listing. */
  'destination/failed': destination,
  // backup
  'backup/no-disks': backup,
  'backup/disk-unknown': backup,
  'backup/disk-excluded': backup,
  'backup/running-already': backup,
  'backup/job-clash': backup,
  'backup/qemu-refused': backup,
  'backup/machine-gone': backup,
  'backup/destination-removed': backup,
  'backup/destination-full': backup,
  'backup/write-error': backup,
  'backup/read-error': backup,
  'backup/disk-unplugged': backup,
  'backup/not-recorded': backup,
  'backup/check-failed': backup,
  'backup/interrupted': backup,
  'backup/freeze-required': backup,
  /** The instant was lost: its scratch image failed. The guest goes on. */
  'backup/snapshot-lost': backup,
  'backup/scratch-full': backup,
  'backup/changed-while-off': backup,
  'backup/started-while-off': backup,
  /** The point the backup started from cannot be used after all. */
  'backup/parent-lost': backup,
  /** The finished point is not what the instant shows. */
  'backup/proof-failed': { severity: 'error', exit: 7 },
  'backup/cancelled': { severity: 'warning', exit: 130 },
  // export
  'export/nbd-server-taken': backup,
  'export/not-possible': backup,
  'export/ended': backup,
  /** Changes since the wished point are not tracked. */
  'export/not-tracked': backup,
  'export/command-failed': backup,
  'export/no-disks': backup,
  'export/disk-unknown': backup,
  'export/disk-excluded': backup,
  'export/job-clash': backup,
  'export/freeze-required': backup,
  /** The guest's old data has no room: the instant was given up, or not taken. The guest goes on. */
  'export/scratch-full': backup,
  'export/started-while-off': backup,
  'export/changed-while-off': backup,
  // points
  'point/unknown': restore,
  'point/ambiguous': restore,
  'point/damaged': { severity: 'error', exit: 7 },
  'point/unreadable': restore,
  'point/newer-format': restore,
  'point/file-missing': restore,
  'point/unavailable': restore,
  'point/no-index': restore,
  'point/in-use': restore,
  'point/delete-failed': destination,
  /** Pinned, the last good or the last verified one. */
  'point/protected': restore,
  'point/merge-failed': destination,
  /** The points changed between the preview and the removal. */
  'point/plan-changed': restore,
  'point/not-comparable': restore,
  // restore
  'restore/machine-running': restore,
  'restore/no-space': restore,
  'restore/image-missing': restore,
  'restore/image-is-link': restore,
  'restore/image-shared': restore,
  'restore/target-exists': restore,
  'restore/target-not-a-folder': restore,
  'restore/not-writable': restore,
  'restore/build-failed': restore,
  'restore/check-failed': restore,
  'restore/rename-failed': restore,
  'restore/undo-stale': restore,
  'restore/unknown': restore,
  'restore/ambiguous': restore,
  'restore/already-undone': restore,
  'restore/cancelled': { severity: 'warning', exit: 130 },
  // jobs
  'job/unknown': usage,
  'job/ambiguous': usage,
  'job/cannot-pause': backup,
  'job/cannot-resume': backup,
  'job/cannot-cancel': backup,
  // system
  'system/home-unwritable': usage,
  'system/tool-missing': usage,
  'system/tool-failed': usage,
  'system/unexpected': usage,
  'system/interrupted': { severity: 'warning', exit: 130 },
  // the boundary
  'ipc/unknown-call': usage,
  'ipc/invalid-input': usage,
  'ipc/forbidden': usage,
  'ipc/aborted': { severity: 'warning', exit: 130 },
  'ipc/disconnected': usage,
} as const satisfies Record<string, Entry>

export type ProblemCode = keyof typeof problemTable

/** Exit status of the CLI for a problem: 2 usage, 3 machine, 4 destination, 5 backup, 6 restore, 7 verification, 130 cancelled. */
export function exitStatusOf(code: ProblemCode): number {
  return problemTable[code].exit
}
