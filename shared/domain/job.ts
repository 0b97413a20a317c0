import { z } from 'zod'
import { Problem } from '../errors/problem.ts'
import { DestinationId, DiskId, JobId, MachineId, PointId, RestoreId } from './ids.ts'

export const JobKind = z.enum(['backup', 'restore', 'swap', 'undo', 'verify', 'delete'])
export type JobKind = z.infer<typeof JobKind>

/** Where a job is. `done`, `cancelled` and `failed` are final. */
export const JobState = z.discriminatedUnion('kind', [
  /** `position` counts from 1; `blockedBy` is the job in front. */
  z.object({ kind: z.literal('queued'), position: z.number().int().positive(), blockedBy: JobId.nullable() }),
  z.object({ kind: z.literal('preparing'), step: z.string() }),
  z.object({ kind: z.literal('copying') }),
  /** Reading back what was written: the content index of a backup, or the images of a restore. */
  z.object({ kind: z.literal('checking') }),
  z.object({ kind: z.literal('paused'), reason: z.enum(['user', 'no-space', 'write-error']) }),
  z.object({ kind: z.literal('finishing'), step: z.string() }),
  z.object({ kind: z.literal('cancelling') }),
  z.object({ kind: z.literal('done') }),
  z.object({ kind: z.literal('cancelled') }),
  z.object({ kind: z.literal('failed'), problem: Problem }),
])
export type JobState = z.infer<typeof JobState>

/** Bytes and rates. `total` counts data to copy, never virtual size (ux.md 4). */
export const Progress = z.object({
  doneBytes: z.number().nonnegative(),
  totalBytes: z.number().nonnegative(),
  /** 0..1, never goes back, and below 1 until the job is done. */
  fraction: z.number().min(0).max(1),
  /** Smoothed bytes per second; null until it means something. */
  bytesPerSecond: z.number().nonnegative().nullable(),
  /** Seconds left; null while it is unknown. */
  secondsLeft: z.number().nonnegative().nullable(),
})
export type Progress = z.infer<typeof Progress>

export const PhaseName = z.enum(['prepared', 'frozen', 'copying', 'checking', 'recorded'])
export type PhaseName = z.infer<typeof PhaseName>

export const Phase = z.object({
  name: PhaseName,
  state: z.enum(['todo', 'current', 'done', 'skipped']),
  /** Replaces the phase's name, e.g. "Frozen 84 ms" or "Not frozen". */
  label: z.string().nullable(),
})
export type Phase = z.infer<typeof Phase>

export const DiskProgress = z.object({
  diskId: DiskId,
  /** Image file name, for people. */
  name: z.string(),
  doneBytes: z.number().nonnegative(),
  totalBytes: z.number().nonnegative(),
  done: z.boolean(),
})
export type DiskProgress = z.infer<typeof DiskProgress>

export const JobResult = z.object({
  pointId: PointId.nullable(),
  restoreId: RestoreId.nullable(),
  images: z.array(z.object({ disk: DiskId, path: z.string() })),
  /** For `verify`: false when damage was found. */
  ok: z.boolean(),
  bytes: z.number().nonnegative(),
})
export type JobResult = z.infer<typeof JobResult>

/** Anything that takes time. One shape for the card, the sidebar, the activity list and the CLI. */
export const Job = z.object({
  id: JobId,
  kind: JobKind,
  state: JobState,
  machineId: MachineId.nullable(),
  machineName: z.string(),
  destinationId: DestinationId.nullable(),
  destinationName: z.string().nullable(),
  pointId: PointId.nullable(),
  restoreId: RestoreId.nullable(),
  phases: z.array(Phase),
  progress: Progress.nullable(),
  /** Bytes read back while `checking`. */
  checked: z.object({ doneBytes: z.number().nonnegative(), totalBytes: z.number().nonnegative() }).nullable(),
  disks: z.array(DiskProgress),
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
  /** Speed limit in bytes per second; null for none. */
  limit: z.number().int().positive().nullable(),
  canPause: z.boolean(),
  canCancel: z.boolean(),
  /** Floe was closed while QEMU went on copying; the job was found again. */
  reattached: z.boolean(),
  /** One finished sentence about the way it ended or runs; null when there is nothing to say. */
  note: z.string().nullable(),
  result: JobResult.nullable(),
})
export type Job = z.infer<typeof Job>

/** True when nothing more will happen to the job. */
export function isFinal(state: JobState): state is Extract<JobState, { kind: 'done' | 'cancelled' | 'failed' }> {
  return state.kind === 'done' || state.kind === 'cancelled' || state.kind === 'failed'
}
