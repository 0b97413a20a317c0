import { z } from 'zod'
import { DiskId } from './ids.ts'

/** Why a disk cannot be backed up. */
export const DiskExclusion = z.enum(['empty', 'read-only', 'removable', 'not-attached', 'temporary', 'unreadable'])
export type DiskExclusion = z.infer<typeof DiskExclusion>

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
})
export type Disk = z.infer<typeof Disk>
