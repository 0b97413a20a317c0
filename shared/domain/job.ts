import { z } from 'zod'
import { Problem } from '../errors/problem.ts'
import { DestinationId, DiskId, JobId, MachineId, PointId, RestoreId } from './ids.ts'
import { BackupBasis, BackupKind, BackupWay, Consistency, PointFreeze } from './point.ts'

export const JobKind = z.enum(['backup', 'restore', 'swap', 'undo', 'verify', 'delete', 'export'])
export type JobKind = z.infer<typeof JobKind>

/** Where a job is. `done`, `cancelled` and `failed` are final. */
export const JobState = z.discriminatedUnion('kind', [
  /** `position` counts from 1; `blockedBy` is the job in front. */
  z.object({ kind: z.literal('queued'), position: z.number().int().positive(), blockedBy: JobId.nullable() }),
  /** Starts by itself when what it waits for is there. `problem` says what is missing. */
  z.object({
    kind: z.literal('waiting'),
    for: z.enum(['destination', 'machine', 'monitor', 'disk-job']),
    problem: Problem,
  }),
  z.object({ kind: z.literal('preparing'), step: z.string() }),
  /** The guest is asked to freeze its file systems; cannot be cancelled, and is limited. */
  z.object({ kind: z.literal('freezing') }),
  /** The instant is read and compared with the parent point, to find what has to be copied. `checked` counts bytes. */
  z.object({ kind: z.literal('comparing') }),
  z.object({ kind: z.literal('copying') }),
  /** The instant is read once more, to be compared with the finished point. `checked` counts bytes. */
  z.object({ kind: z.literal('proving') }),
  /** Reading back what was written: the content index of a backup, or the images of a restore. */
  z.object({ kind: z.literal('checking') }),
  /** `no-space`: goes on by itself once `neededBytes` are free on the destination; `freeBytes` are now. */
  z.object({
    kind: z.literal('paused'),
    reason: z.enum(['user', 'no-space', 'asleep']),
    neededBytes: z.number().nonnegative().nullable(),
    freeBytes: z.number().nonnegative().nullable(),
  }),
  /** An export: the instant is held for others to read. */
  z.object({ kind: z.literal('holding') }),
  z.object({ kind: z.literal('finishing'), step: z.string() }),
  z.object({ kind: z.literal('cancelling') }),
  z.object({ kind: z.literal('done') }),
  /** `partialRemoved` false: the unfinished copy of a backup could not be removed. */
  z.object({ kind: z.literal('cancelled'), partialRemoved: z.boolean().optional() }),
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

export const PhaseName = z.enum(['prepared', 'frozen', 'compared', 'copying', 'proven', 'checking', 'recorded'])
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

/** What a backup costs its guest right now. Latencies in milliseconds per write, as the guest's devices see them. */
export const GuestImpact = z.object({
  writeMs: z.number().nonnegative().nullable(),
  /** Before the backup began; null when the guest did not write then. */
  idleMs: z.number().nonnegative().nullable(),
  /** Floe has slowed the copy down for the guest's sake. */
  slowed: z.boolean(),
})
export type GuestImpact = z.infer<typeof GuestImpact>

/** Room the guest's old data takes up while a backup or export reads an instant (fleecing). Bytes. */
export const ScratchUse = z.object({ usedBytes: z.number().nonnegative(), limitBytes: z.number().nonnegative() })
export type ScratchUse = z.infer<typeof ScratchUse>

/** Why a guest was not frozen. `unseen`: Floe was closed meanwhile. ux.md 3.3: B4 `no-agent`, `no-answer`; B5 `too-slow`. */
export const FreezeCause = z.enum([
  'not-wanted',
  'no-agent',
  'no-answer',
  'too-slow',
  'refused',
  'guest-paused',
  'thawed-early',
  'off',
  'unseen',
])
export type FreezeCause = z.infer<typeof FreezeCause>

/** How a backup's instant came about; null parts are not known yet. */
export const JobInstant = z.object({
  consistency: Consistency,
  freeze: PointFreeze.nullable(),
  /** Why it is not frozen, as a sentence. */
  reason: z.string().nullable(),
  /** One that this version does not know counts as not told. */
  cause: FreezeCause.nullable().catch(null),
  pausedMs: z.number().nonnegative().nullable(),
})
export type JobInstant = z.infer<typeof JobInstant>

/** An instant that others can read over NBD, with `base:allocation`. */
export const ExportPlace = z.object({
  socketPath: z.string(),
  /** The instant all disks show (ISO 8601). */
  at: z.string(),
  disks: z.array(
    z.object({
      diskId: DiskId,
      exportName: z.string(),
      uri: z.string(),
      size: z.number().nonnegative(),
      /** The context `qemu:dirty-bitmap:<this>` tells what changed since the point that was asked for; null when none was. */
      sinceBitmap: z.string().nullable().default(null),
    }),
  ),
})
export type ExportPlace = z.infer<typeof ExportPlace>

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
  impact: GuestImpact.nullable(),
  scratch: ScratchUse.nullable(),
  instant: JobInstant.nullable(),
  /** How a backup reads the disks, and why, as a sentence; null for other jobs and until it is planned. */
  way: z.object({ way: BackupWay, reason: z.string() }).nullable(),
  /** What a backup copies, and why, as a sentence; null for other jobs and until it is planned. */
  plan: z
    .object({
      kind: BackupKind,
      basis: BackupBasis,
      reason: z.string(),
      /** Bytes at the ends of disks that are copied by bitmap, which are copied whether they changed or not. */
      endBytes: z.number().nonnegative(),
    })
    .nullable(),
  /** When it began to stand still without being paused (ISO 8601): nothing was copied for two minutes. */
  stalledSince: z.string().nullable(),
  export: ExportPlace.nullable(),
  result: JobResult.nullable(),
  /** Nobody asked for it: it gives way to everybody, and nobody waits for its end. Missing: somebody did. */
  background: z.boolean().optional(),
})
export type Job = z.infer<typeof Job>

/** True when nothing more will happen to the job. */
export function isFinal(state: JobState): state is Extract<JobState, { kind: 'done' | 'cancelled' | 'failed' }> {
  return state.kind === 'done' || state.kind === 'cancelled' || state.kind === 'failed'
}
