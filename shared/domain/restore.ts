import { z } from 'zod'
import { DiskId, MachineId, PointId, RestoreId } from './ids.ts'

/** One row of the restore sheet's pre-flight list. `check` is stable and used as the row's test id. */
export const PreflightCheck = z.object({
  check: z.enum(['machine-off', 'images', 'not-shared', 'space', 'point-readable', 'unsaved-changes', 'undo-copy']),
  result: z.enum(['ok', 'warning', 'blocked']),
  title: z.string(),
  detail: z.string(),
  /** What the row's button does; null for no button. */
  remedy: z.enum(['shut-down-guest', 'restore-to-new-image', 'back-up-first']).nullable(),
})
export type PreflightCheck = z.infer<typeof PreflightCheck>

export const Preflight = z.object({
  ok: z.boolean(),
  checks: z.array(PreflightCheck),
  /** What will be replaced by what. */
  disks: z.array(
    z.object({
      diskId: DiskId,
      imagePath: z.string(),
      undoPath: z.string(),
      imageSize: z.number().nonnegative().nullable(),
      changedAt: z.string().nullable(),
    }),
  ),
  neededBytes: z.number().nonnegative(),
})
export type Preflight = z.infer<typeof Preflight>

/** A swap that happened (or was interrupted), with its undo copies. */
export const Restore = z.object({
  id: RestoreId,
  machineId: MachineId,
  machineName: z.string(),
  /** The point that was restored; null for an undo. */
  pointId: PointId.nullable(),
  /** The restore that this one undid; null for a restore. */
  undoes: RestoreId.nullable(),
  createdAt: z.string(),
  state: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('done') }),
    z.object({ kind: z.literal('undone'), by: RestoreId }),
    /** Interrupted and taken back or finished at the next start, as `text` says. */
    z.object({ kind: z.literal('rolled-back'), text: z.string() }),
    /** Needs a person: neither finishing nor taking back was possible. Nothing was deleted. */
    z.object({ kind: z.literal('stuck'), text: z.string() }),
  ]),
  disks: z.array(
    z.object({
      diskId: DiskId,
      imagePath: z.string(),
      undoPath: z.string(),
      undoSize: z.number().nonnegative(),
    }),
  ),
  /** False once an undo copy was moved, changed or deleted. */
  undoable: z.boolean(),
})
export type Restore = z.infer<typeof Restore>
