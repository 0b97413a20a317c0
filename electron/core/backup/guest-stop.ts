// Whose fault is it when a guest's write fails while Floe copies? Copy-before-write makes the guest's own write fail when
// the destination does (qemu.md 2.2), and QEMU's event looks the same when the guest's own disk fails. In doubt it is
// ours: letting a guest go on that has a full disk of its own costs one more failed write; leaving it stopped is worse.
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'

/** What QEMU's BLOCK_IO_ERROR said last. */
export interface GuestError {
  readonly operation: 'read' | 'write'
  readonly node: string
  readonly noSpace: boolean
  readonly reason: string | null
}

export type Cause = 'destination-full' | 'own-disk' | 'unknown'

/** Less free space than this, in bytes, and a file system counts as full. */
const fullBelow = 4 << 20

/** A file system that tells no size at all, as some network ones, is not full. */
async function isFull(path: string): Promise<boolean> {
  const folder = await statfs(dirname(path)).catch(() => null)
  return folder !== null && folder.blocks > 0 && folder.bavail * folder.bsize < fullBelow
}

/** @param where `isOtherDisk`: is this node a disk of the machine that is not part of the backup? */
export async function causeOf(
  error: GuestError | null,
  where: {
    readonly targets: readonly string[]
    readonly sources: readonly string[]
    readonly isOtherDisk: (node: string) => boolean
  },
): Promise<Cause> {
  if (error !== null && (error.operation === 'read' || where.isOtherDisk(error.node))) return 'own-disk'
  if (error !== null && !error.noSpace) return 'unknown'
  if ((await Promise.all(where.targets.map(isFull))).includes(true)) return 'destination-full'
  return (await Promise.all(where.sources.map(isFull))).includes(true) ? 'own-disk' : 'unknown'
}
