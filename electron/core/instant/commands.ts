// The QMP commands that put a filter between a device and its disk and make the instant readable (qemu.md 5.1).
import type { SnapshotDisk } from './types.ts'

export interface Command {
  readonly execute: string
  readonly arguments?: Readonly<Record<string, unknown>>
}

/**
 * A guest's write waits at most this long for the scratch drive, in seconds; then the snapshot is given up and the
 * guest goes on. QEMU 7.2 counts nanoseconds in 32 bits, so 5 would mean 0.7 (docs/qmp.md).
 */
const cbwTimeoutSeconds = 4

/**
 * In the order QEMU takes them, to be sent with the guest's CPUs stopped: filters added to a disk that is written to
 * can crash QEMU 7.2 when an I/O thread serves it, and a snapshot cannot be read before its filter is in the way.
 */
export function insertionOf(disks: readonly SnapshotDisk[]): readonly Command[] {
  const add = (options: Readonly<Record<string, unknown>>): Command => ({ execute: 'blockdev-add', arguments: options })
  return [
    ...disks.map((disk) =>
      add({
        driver: 'copy-before-write',
        'node-name': disk.filterNode,
        file: disk.rootNode,
        target: disk.scratchNode,
        'on-cbw-error': 'break-snapshot',
        'cbw-timeout': cbwTimeoutSeconds,
      }),
    ),
    ...disks.map(
      (disk): Command => ({
        execute: 'qom-set',
        arguments: { path: disk.device, property: 'drive', value: disk.filterNode },
      }),
    ),
    ...disks.map((disk) => add({ driver: 'snapshot-access', 'node-name': disk.snapshotNode, file: disk.filterNode })),
    // QEMU 7.2 aborts when a disk is shrunk under a running snapshot job; this node makes it refuse any resize instead.
    ...disks.map((disk) =>
      add({
        driver: 'blkdebug',
        'node-name': disk.sizeGuardNode,
        image: disk.filterNode,
        'unshare-child-perms': ['resize'],
      }),
    ),
  ]
}
