// Looks at the room that the guest's old data takes up (fleecing). When there is too much of it, the backup ends before
// the drive is full: the guest, whose own images often lie there too, goes on.
import { stat, statfs } from 'node:fs/promises'
import type { ScratchUse } from '../../../shared/domain/job.ts'
import { formatBytes } from '../../../shared/format/bytes.ts'
import { FloeError } from '../errors.ts'
import { reservedBytes } from '../instant/scratch.ts'
import type { ScratchPlan } from '../instant/types.ts'
import type { BackupPlace } from './problems.ts'

/** Bytes. Free and total are those of the scratch folder's file system; null when it does not tell. */
export interface ScratchLook {
  readonly use: ScratchUse
  readonly freeBytes: number | null
  readonly totalBytes: number | null
}

/** A scratch image that is not there (yet, or any more) takes up nothing. */
export async function lookAtScratch(scratch: ScratchPlan, paths: readonly string[]): Promise<ScratchLook> {
  const sizes = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        ({ blocks }) => blocks * 512,
        () => 0,
      ),
    ),
  )
  const drive = await statfs(scratch.folder).catch(() => null)
  const told = drive !== null && drive.blocks > 0
  return {
    use: { usedBytes: sizes.reduce((sum, size) => sum + size, 0), limitBytes: scratch.limitBytes },
    freeBytes: told ? drive.bavail * drive.bsize : null,
    totalBytes: told ? drive.blocks * drive.bsize : null,
  }
}

/** Why it cannot go on; null while it can. The drive is nearly full once half of what should stay free is used up. */
export function scratchTrouble({ use, freeBytes, totalBytes }: ScratchLook): 'over-limit' | 'drive-full' | null {
  if (use.usedBytes > use.limitBytes) return 'over-limit'
  if (freeBytes === null || totalBytes === null) return null
  return freeBytes < reservedBytes(totalBytes) / 2 ? 'drive-full' : null
}

export function scratchFull(place: BackupPlace, folder: string, look: ScratchLook): FloeError {
  const { usedBytes, limitBytes } = look.use
  const why =
    scratchTrouble(look) === 'drive-full'
      ? `the drive with ${folder} is nearly full`
      : `it took more than the ${formatBytes(limitBytes)} it may use in ${folder}`
  return new FloeError(
    'backup/scratch-full',
    `${place.machineName} wrote so much during the backup that its old data found no more room: ${why}.`,
    {
      params: { machine: place.machineName, path: folder, usedBytes, limitBytes, freeBytes: look.freeBytes },
      remedy:
        'Choose a scratch folder on a drive with more room in the settings, or back up when the machine is quieter.',
    },
  )
}

/**
 * QEMU gave the instant up for the guest's sake: with fleecing because scratch space or the scratch drive failed
 * (qemu.md 5.3), without it (`scratch` false) because the destination did.
 */
export function snapshotLost(
  place: BackupPlace,
  disk: string,
  { text, scratch }: { readonly text: string; readonly scratch: boolean },
): FloeError {
  const what = scratch
    ? `The scratch image for the disk ${disk}`
    : `${place.destinationName}, where the disk ${disk} went,`
  return new FloeError(
    'backup/snapshot-lost',
    `${what} failed or was too slow for ${place.machineName}, so the moment that was being copied is lost.`,
    {
      params: { machine: place.machineName, disk, text },
      remedy: scratch
        ? 'Check the drive with the scratch folder, or choose another one in the settings, then back up again.'
        : 'Check the drive, or choose another destination.',
    },
  )
}

/** What a read of `snapshot-access` fails with once the snapshot is broken; there is no other sign of it (qemu.md 5.3). */
export const saysSnapshotLost = (text: string | null): boolean => text !== null && /permission denied/i.test(text)
