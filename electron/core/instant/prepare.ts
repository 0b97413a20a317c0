// Everything that can be made before the instant: scratch images and copy-before-write filters, not yet in the guest's
// way (qemu.md 5.1). What fails here has cost the guest nothing.
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createImage } from '../qemu-img/index.ts'
import type { QmpSession } from '../qmp/types.ts'
import type { SnapshotDisk } from './types.ts'

/**
 * A guest's write waits at most this long for the scratch drive, in seconds; then the snapshot is given up and the
 * guest goes on. Below the 30 s after which Linux gives up a command of its own.
 */
const cbwTimeoutSeconds = 10

/** @throws FloeError `system/tool-*`, QmpExecuteError; removeSnapshots clears what was made */
export async function prepareSnapshots(
  session: QmpSession,
  disks: readonly SnapshotDisk[],
  options: { readonly env: Readonly<Record<string, string | undefined>> },
): Promise<void> {
  for (const disk of disks) {
    await mkdir(dirname(disk.scratchPath), { recursive: true, mode: 0o700 })
    await createImage(disk.scratchPath, disk.virtualSize, 'qcow2', { env: options.env })
    await session.execute('blockdev-add', {
      driver: 'qcow2',
      'node-name': disk.scratchNode,
      discard: 'unmap',
      file: { driver: 'file', filename: disk.scratchPath, discard: 'unmap' },
    })
    await session.execute('blockdev-add', {
      driver: 'copy-before-write',
      'node-name': disk.filterNode,
      file: disk.rootNode,
      target: disk.scratchNode,
      'on-cbw-error': 'break-snapshot',
      'cbw-timeout': cbwTimeoutSeconds,
    })
  }
}
