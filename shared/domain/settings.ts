import { z } from 'zod'
import { RetentionPolicy } from './retention.ts'

/** What Back Up Now does for one machine, beyond its destination (Save as Default). Null parts: as the settings say. */
export const MachineDefaults = z.object({
  diskIds: z.array(z.string()).nullable(),
  freeze: z.boolean().nullable(),
  /** Mount points inside the guest to freeze; null: all. */
  mountpoints: z.array(z.string()).nullable().optional(),
  /** No backup when the guest cannot be frozen. */
  requireFreeze: z.boolean().nullable().optional(),
  limit: z.number().int().positive().nullable(),
  check: z.boolean(),
})
export type MachineDefaults = z.infer<typeof MachineDefaults>

export const Settings = z.object({
  /** `decimal`: GB = 10^9 like Finder; `binary`: GiB like qemu-img. */
  units: z.enum(['decimal', 'binary']),
  theme: z.enum(['system', 'light', 'dark']),
  /** Speed limit for new backups in bytes per second; null for none. */
  defaultLimit: z.number().int().positive().nullable(),
  /** Destination that Back Up Now uses for a machine without one of its own. */
  defaultDestinationId: z.string().nullable(),
  /** Destination by machine id. */
  destinationByMachine: z.record(z.string(), z.string()),
  /** Saved choices by machine id. */
  backupByMachine: z.record(z.string(), MachineDefaults),
  /** Freeze file systems while a backup starts. */
  freeze: z.boolean(),
  /** How long a guest may take to confirm the freeze, in seconds. */
  freezeLimitSeconds: z.number().int().min(1).max(60),
  /** How long a guest may stay frozen, in seconds. */
  freezeHoldSeconds: z.number().int().min(1).max(10),
  /** No backup at all when the guest cannot be frozen. */
  requireFreeze: z.boolean(),
  /** Folder for scratch images, on a local drive; null for Floe's own. */
  scratchFolder: z.string().nullable(),
  /** Most bytes a backup may use there; null: as much as leaves the drive some room. */
  scratchLimit: z.number().int().positive().nullable(),
  /** Slow the copy down when the guest's writes suffer. */
  guestFirst: z.boolean(),
  /** How many points to keep, by machine id; for the sheet and as the CLI's default. Nothing is removed by itself. */
  retentionByMachine: z.record(z.string(), RetentionPolicy),
  /** Restore points are read back in the background, at most so many bytes a day; null: never. */
  verifyPerDay: z.number().int().positive().nullable(),
})
export type Settings = z.infer<typeof Settings>

export const defaultSettings: Settings = {
  units: 'decimal',
  theme: 'system',
  defaultLimit: null,
  defaultDestinationId: null,
  destinationByMachine: {},
  backupByMachine: {},
  freeze: true,
  freezeLimitSeconds: 10,
  freezeHoldSeconds: 2,
  requireFreeze: false,
  scratchFolder: null,
  scratchLimit: null,
  guestFirst: true,
  retentionByMachine: {},
  verifyPerDay: null,
}
