import { z } from 'zod'
import { DestinationId, DiskId, JobId, MachineId, PointId } from './ids.ts'

export const BackupKind = z.enum(['full', 'incremental'])
export type BackupKind = z.infer<typeof BackupKind>

/** How Floe knew what to copy: from a dirty bitmap, by comparing with the parent point, or everything. */
export const BackupBasis = z.enum(['bitmap', 'comparison', 'all'])
export type BackupBasis = z.infer<typeof BackupBasis>

/** `clone`: every image stands alone; `chain`: images may lie over those of earlier points (architecture.md 5). */
export const PointStorage = z.enum(['clone', 'chain'])
export type PointStorage = z.infer<typeof PointStorage>

/** What the restore point is worth inside the guest. */
export const Consistency = z.enum(['frozen', 'crash-consistent', 'offline'])
export type Consistency = z.infer<typeof Consistency>

/** A freeze that held around the instant. Times in milliseconds on the host's monotonic clock. */
export const PointFreeze = z.object({
  /** From the confirmed freeze to the confirmed thaw. */
  heldMs: z.number().nonnegative(),
  /** From the command to its confirmation. */
  confirmedAfterMs: z.number().nonnegative(),
  /** The frozen file systems as the guest names them; empty when it did not tell. */
  fileSystems: z.array(z.object({ mountpoint: z.string(), type: z.string() })),
  /** Other file systems of the guest were not frozen, or nobody can say that they were. */
  partial: z.boolean().optional(),
})
export type PointFreeze = z.infer<typeof PointFreeze>

/** How the disks were read: through a filter and a scratch image, straight from QEMU, or from the images of a machine that is off. */
export const BackupWay = z.enum(['fleecing', 'push', 'offline'])
export type BackupWay = z.infer<typeof BackupWay>

export const PointDisk = z.object({
  id: DiskId,
  /** File name inside the point's folder. */
  file: z.string(),
  format: z.literal('qcow2'),
  virtualSize: z.number().int().nonnegative(),
  /** Bytes this point had to copy for the disk. */
  bytesCopied: z.number().int().nonnegative(),
  /** Size of the image file. */
  fileSize: z.number().int().nonnegative(),
  /** SHA-256 root of the content index in hex; null until the point was checked. */
  contentRoot: z.string().nullable(),
  /** Where the disk's image was, and its format, when the point was taken. */
  sourcePath: z.string().nullable(),
  sourceFormat: z.string().nullable(),
  firmware: z.boolean(),
  basis: BackupBasis.default('all'),
  /** Why this basis, as a sentence. */
  basisReason: z.string().default(''),
  /** The point whose image this one started from; null when everything was copied. */
  parentId: PointId.nullable().default(null),
  /** The dirty bitmap in the guest's image that holds every change since this point; null: changes are not tracked. */
  bitmap: z.string().nullable().default(null),
  /** Fingerprint of the backing files below the guest's image when the point was taken; null when there were none. */
  witness: z.string().nullable().default(null),
})
export type PointDisk = z.infer<typeof PointDisk>

/** Where the first difference was found. Offsets in bytes of guest data, except for `structure` and `size`. */
export const Damage = z.object({
  diskId: DiskId,
  file: z.string(),
  kind: z.enum(['content', 'structure', 'size', 'missing', 'index']),
  offset: z.number().int().nonnegative().nullable(),
  length: z.number().int().nonnegative().nullable(),
  text: z.string(),
})
export type Damage = z.infer<typeof Damage>

export const Verification = z.object({
  /** `live`: the content was compared with the running machine's instant itself. */
  level: z.enum(['structure', 'content', 'live']),
  ok: z.boolean(),
  at: z.string(),
  damage: z.array(Damage),
  /** The point whose check found the damage, when it is not this one: both hold or need the same bytes. */
  foundIn: PointId.nullable().default(null),
})
export type Verification = z.infer<typeof Verification>

/** Is the point's content index there? `checking` names the job; `none` means the check was skipped or never ended. */
export const IndexState = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('complete') }),
  z.object({ kind: z.literal('checking'), jobId: JobId }),
  z.object({ kind: z.literal('none') }),
])
export type IndexState = z.infer<typeof IndexState>

/** All disks of a machine at one instant. Times are ISO 8601 UTC. */
export const Point = z.object({
  id: PointId,
  machineId: MachineId,
  machineName: z.string(),
  destinationId: DestinationId,
  /** The instant all disks show. */
  createdAt: z.string(),
  kind: BackupKind,
  /** Why this kind, as a sentence. */
  kindReason: z.string().default(''),
  /** The costliest among its disks. */
  basis: BackupBasis.default('all'),
  consistency: Consistency,
  /** Why it is not frozen, as a sentence; null when it is. */
  consistencyReason: z.string().nullable(),
  /** Null unless `consistency` is `frozen`. */
  freeze: PointFreeze.nullable().default(null),
  /** How long the guest's CPUs stood still to set the instant, in milliseconds; null when they did not. */
  pausedMs: z.number().nonnegative().nullable().default(null),
  way: BackupWay.default('push'),
  parentId: PointId.nullable(),
  storage: PointStorage.default('chain'),
  /** Points whose images its own lie over, nearest first: without them it cannot be restored. */
  needs: z.array(PointId).default([]),
  /** Absolute path of the point's folder. */
  path: z.string(),
  disks: z.array(PointDisk),
  /** Bytes it had to copy ("Adds"). What it restores is the sum of its disks' sizes. */
  adds: z.number().nonnegative().default(0),
  /** Bytes on the destination that are counted for this point; the sum over all points is what they take up together. */
  bytes: z.number().nonnegative(),
  index: IndexState,
  verification: Verification.nullable(),
  pinned: z.boolean(),
  qemuVersion: z.string().nullable(),
  /** False while its drive is unplugged: listed from memory, not restorable. */
  available: z.boolean(),
  /** Set when the manifest cannot be trusted or read; such a point is shown and never restored. */
  unreadable: z.string().nullable(),
})
export type Point = z.infer<typeof Point>
