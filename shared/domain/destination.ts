import { z } from 'zod'
import { DestinationId, MachineId } from './ids.ts'

/** Is the place there, and may Floe write to it? (ux.md S7, D1-D10) */
export const DestinationState = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('connected') }),
  z.object({ kind: z.literal('absent'), lastSeenAt: z.string().nullable() }),
  /** The drive is connected and encrypted, and nobody has given its password yet. */
  z.object({ kind: z.literal('locked') }),
  /** Another volume or folder answers at this path: its marker is missing or has a different id. */
  z.object({ kind: z.literal('other-disk') }),
  z.object({ kind: z.literal('read-only'), reason: z.string() }),
  z.object({ kind: z.literal('no-permission') }),
  z.object({ kind: z.literal('full') }),
])
export type DestinationState = z.infer<typeof DestinationState>

/** A folder that holds backups, recognised by its marker file and not by its path. Sizes in bytes. */
export const Destination = z.object({
  id: DestinationId,
  name: z.string(),
  path: z.string(),
  state: DestinationState,
  /** File system as the system names it (`apfs`, `ext4`, `msdos`, ...). */
  fileSystem: z.string().nullable(),
  freeBytes: z.number().nonnegative().nullable(),
  totalBytes: z.number().nonnegative().nullable(),
  /** Bytes Floe's restore points take up there. */
  backupBytes: z.number().nonnegative(),
  pointCount: z.number().int().nonnegative(),
  /** `clone`: points are independent clones; `chain`: overlays with relative backing files (architecture.md 5). */
  storage: z.enum(['clone', 'chain']),
  sets: z.array(
    z.object({
      machineId: MachineId,
      machineName: z.string(),
      pointCount: z.number().int().nonnegative(),
      bytes: z.number().nonnegative(),
    }),
  ),
})
export type Destination = z.infer<typeof Destination>

/** A place the Add Destination sheet offers. */
export const DestinationSuggestion = z.object({
  path: z.string(),
  name: z.string(),
  freeBytes: z.number().nonnegative().nullable(),
  external: z.boolean(),
  /** Said when it holds a machine's images itself. */
  warning: z.string().nullable(),
})
export type DestinationSuggestion = z.infer<typeof DestinationSuggestion>
