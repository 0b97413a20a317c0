import { z } from 'zod'

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
})
export type Settings = z.infer<typeof Settings>

export const defaultSettings: Settings = {
  units: 'decimal',
  theme: 'system',
  defaultLimit: null,
  defaultDestinationId: null,
  destinationByMachine: {},
}
