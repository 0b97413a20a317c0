import { z } from 'zod'
import { DiskId } from './ids.ts'

/** Why a disk cannot be backed up. */
export const DiskExclusion = z.enum(['empty', 'read-only', 'removable', 'not-attached', 'temporary', 'unreadable'])
export type DiskExclusion = z.infer<typeof DiskExclusion>

const now = z.enum(['on', 'off', 'cut-off'])

/** How long a record of a disk's changes is kept, and whether there is one now. True of the QEMU that runs. */
export const ChangeTracking = z.discriminatedUnion('kind', [
  /** Nobody can say: the machine is off, busy, or not reached. */
  z.object({ kind: z.literal('unknown') }),
  /** Kept in the image: it outlives a clean end of QEMU. `cut-off`: QEMU ended without storing it. */
  z.object({ kind: z.literal('persistent'), now }),
  /** Lost whenever this QEMU ends, because the image cannot keep it. */
  z.object({ kind: z.literal('volatile'), now, why: z.enum(['raw', 'qcow2-v2', 'data-file', 'format']) }),
  z.object({ kind: z.literal('none'), why: z.enum(['internal-snapshots', 'not-backed-up']) }),
])
export type ChangeTracking = z.infer<typeof ChangeTracking>

/** One disk of a machine, as QEMU's `query-block` shows it (qemu.md 1). Sizes in bytes. */
export const Disk = z.object({
  id: DiskId,
  /** Node to back up: below any filter. QEMU may invent it anew at each start (`#block123`): never persist it. */
  node: z.string().nullable(),
  /** Device path or id, as `query-block` reports it in `qdev`. */
  qdev: z.string().nullable(),
  /** Other names a person may use for this disk: drive id, node name, device id. */
  aliases: z.array(z.string()),
  format: z.string().nullable(),
  virtualSize: z.number().int().nonnegative(),
  /** Bytes the image and its backing files take up on their file system. */
  allocatedSize: z.number().int().nonnegative(),
  /** Absolute path of the image; null when the disk is not a plain file. */
  imagePath: z.string().nullable(),
  /** Absolute paths of the backing files, nearest first. */
  backingChain: z.array(z.string()),
  readOnly: z.boolean(),
  removable: z.boolean(),
  /** True for a UEFI variable store (pflash): small, writable, and part of the machine. */
  firmware: z.boolean(),
  /** Null when the disk can be backed up. */
  exclusion: DiskExclusion.nullable(),
  tracking: ChangeTracking.default({ kind: 'unknown' }),
})
export type Disk = z.infer<typeof Disk>
