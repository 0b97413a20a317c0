// What can be made before the instant without touching the guest's disks: the scratch images. What fails here has cost
// the guest nothing.
import { dirname } from 'node:path'
import { createImage } from '../qemu-img/index.ts'
import type { QmpSession } from '../qmp/types.ts'
import { makeScratchFolder } from './scratch.ts'
import type { SnapshotDisk } from './types.ts'

/** @throws FloeError `system/tool-*`, QmpExecuteError; removeSnapshots clears what was made */
export async function prepareSnapshots(
  session: QmpSession,
  disks: readonly SnapshotDisk[],
  options: { readonly env: Readonly<Record<string, string | undefined>> },
): Promise<void> {
  for (const disk of disks) {
    await makeScratchFolder(dirname(disk.scratchPath))
    await createImage(disk.scratchPath, disk.virtualSize, 'qcow2', { env: options.env })
    await session.execute('blockdev-add', {
      driver: 'qcow2',
      'node-name': disk.scratchNode,
      discard: 'unmap',
      file: { driver: 'file', filename: disk.scratchPath, discard: 'unmap' },
    })
  }
}
