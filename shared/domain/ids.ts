import { z } from 'zod'

// Ids are 12 characters of [a-z0-9], so that "floe-<id>-t12" stays under QEMU's 31 characters for node names
// (qemu.md 2.1). Each kind has its own brand: a point's id never passes for a machine's.
const pattern = /^[a-z0-9]{12}$/

export const MachineId = z.string().regex(pattern).brand('MachineId')
export type MachineId = z.infer<typeof MachineId>

export const DestinationId = z.string().regex(pattern).brand('DestinationId')
export type DestinationId = z.infer<typeof DestinationId>

export const PointId = z.string().regex(pattern).brand('PointId')
export type PointId = z.infer<typeof PointId>

export const JobId = z.string().regex(pattern).brand('JobId')
export type JobId = z.infer<typeof JobId>

export const RestoreId = z.string().regex(pattern).brand('RestoreId')
export type RestoreId = z.infer<typeof RestoreId>

/** A disk's stable name inside its machine: drive id, explicit node name or device id; never QEMU's `#block123`. */
export const DiskId = z.string().min(1).max(200).brand('DiskId')
export type DiskId = z.infer<typeof DiskId>
