import type { QmpSession } from '../qmp/types.ts'
import type { SnapshotDisk } from './types.ts'

/** Makes each disk's instant readable as a node of its own (`snapshot-access`, QEMU 7.0). @throws QmpExecuteError */
export async function openSnapshots(session: QmpSession, disks: readonly SnapshotDisk[]): Promise<void> {
  for (const disk of disks) {
    await session.execute('blockdev-add', {
      driver: 'snapshot-access',
      'node-name': disk.snapshotNode,
      file: disk.filterNode,
    })
  }
}
