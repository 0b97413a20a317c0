// The one contract between Floe's windows, its CLI and its core: calls (ask and answer) and topics (push).
// Inputs are parsed by the gate on arrival; outputs are typed, and parsed in tests.
import { z } from 'zod'
import { Activity } from '../domain/activity.ts'
import { Demo } from '../domain/demo.ts'
import { Destination, DestinationSuggestion } from '../domain/destination.ts'
import { DestinationId, DiskId, JobId, MachineId, PointId, RestoreId } from '../domain/ids.ts'
import { Job } from '../domain/job.ts'
import { AgentState, Machine, ProbeLine } from '../domain/machine.ts'
import { BackupBasis, BackupKind, BackupWay, Point } from '../domain/point.ts'
import { Preflight, Restore } from '../domain/restore.ts'
import { DeletePreview, PointDifference, RetentionPolicy, RetentionPreview } from '../domain/retention.ts'
import { Settings } from '../domain/settings.ts'
import { Problem, type ProblemParams } from '../errors/problem.ts'

const call = <I extends z.ZodType, O extends z.ZodType>(input: I, output: O) => ({ input, output })
const nothing = z.object({})
const started = z.object({ jobId: JobId })
const limit = z.number().int().positive().nullable()

/** How the plan means to copy, and why; shown before the click and recorded in the point. */
export const BackupPreview = z.object({
  machineId: MachineId,
  destinationId: DestinationId,
  kind: BackupKind,
  /** One sentence: why this kind. */
  kindReason: z.string(),
  /** The costliest among the disks. */
  basis: BackupBasis,
  way: BackupWay,
  wayReason: z.string(),
  /** Will the guest's file systems be frozen? `reason` says why not; null when they will. */
  freeze: z.object({ wanted: z.boolean(), reason: z.string().nullable() }),
  /** Room wanted for the guest's old data while it is copied, and what is free there; null without fleecing. */
  scratch: z
    .object({ folder: z.string(), expectedBytes: z.number(), limitBytes: z.number(), freeBytes: z.number() })
    .nullable(),
  /** What stands in the way right now and may pass by itself; null when a backup can start. */
  obstacle: Problem.nullable(),
  disks: z.array(
    z.object({
      diskId: DiskId,
      included: z.boolean(),
      basis: BackupBasis,
      /** One sentence: why this basis. */
      basisReason: z.string(),
      bytesToCopy: z.number().nonnegative(),
      /** As for the whole backup. */
      endBytes: z.number().nonnegative(),
      reason: z.string().nullable(),
    }),
  ),
  bytesToCopy: z.number().nonnegative(),
  /**
   * Of these: the last piece of each disk that is copied by bitmap. Nobody knows whether it changed, and it is copied each
   * time. With no more than this to copy, nothing else has changed.
   */
  endBytes: z.number().nonnegative(),
  freeBytes: z.number().nonnegative().nullable(),
  enoughSpace: z.boolean(),
})
export type BackupPreview = z.infer<typeof BackupPreview>

export const HostInfo = z.object({
  ipcVersion: z.number(),
  version: z.string(),
  platform: z.enum(['darwin', 'linux']),
  homeDir: z.string(),
  /** The user's own folder, to show `~/...`. */
  userDir: z.string(),
  /** What this host can do for a window. */
  can: z.object({ chooseFolder: z.boolean(), showInFolder: z.boolean() }),
})
export type HostInfo = z.infer<typeof HostInfo>

export const Discovery = z.object({
  processesChecked: z.number().int().nonnegative(),
  foldersChecked: z.array(z.string()),
  found: z.number().int().nonnegative(),
})
export type Discovery = z.infer<typeof Discovery>

export const Diagnostic = z.object({
  id: z.string(),
  title: z.string(),
  result: z.enum(['ok', 'warning', 'failed']),
  detail: z.string(),
  fix: z.string().nullable(),
})
export type Diagnostic = z.infer<typeof Diagnostic>

export const calls = {
  'app.hello': call(nothing, HostInfo),
  'app.doctor': call(nothing, z.array(Diagnostic)),

  'machines.list': call(nothing, z.array(Machine)),
  /** Looks again at once instead of at the next round. */
  'machines.refresh': call(nothing, Discovery),
  'machines.probe': call(z.object({ qmp: z.string(), agent: z.string().nullable() }), z.array(ProbeLine)),
  /** `qmp` and `agent`: absolute socket path or HOST:PORT. */
  'machines.add': call(
    z.object({ qmp: z.string(), agent: z.string().nullable(), name: z.string().nullable() }),
    Machine,
  ),
  /** Where the guest agent listens: absolute socket path or HOST:PORT; null forgets it. */
  'machines.setAgent': call(z.object({ machineId: MachineId, agent: z.string().nullable() }), Machine),
  /** Asks the guest agent now, instead of at the next round. */
  'machines.askAgent': call(z.object({ machineId: MachineId }), AgentState),
  /** Tries again to thaw a guest that has not confirmed it. */
  'machines.thaw': call(z.object({ machineId: MachineId }), nothing),
  'machines.remove': call(z.object({ machineId: MachineId }), nothing),
  /** Presses the guest's power button (`system_powerdown`); never kills. */
  'machines.shutDownGuest': call(z.object({ machineId: MachineId }), nothing),

  'destinations.list': call(nothing, z.array(Destination)),
  'destinations.suggest': call(nothing, z.array(DestinationSuggestion)),
  'destinations.add': call(z.object({ path: z.string(), name: z.string().nullable() }), Destination),
  /** Forgets the place; its files stay. */
  'destinations.remove': call(z.object({ destinationId: DestinationId }), nothing),

  'backup.preview': call(
    z.object({
      machineId: MachineId,
      destinationId: DestinationId.nullable(),
      diskIds: z.array(z.string()).nullable(),
      kind: z.enum(['automatic', 'full']).default('automatic'),
      /** Null: as the settings say. */
      freeze: z.boolean().nullable().default(null),
      /** No backup when the guest cannot be frozen. Null: as the settings say. */
      requireFreeze: z.boolean().nullable().default(null),
    }),
    BackupPreview,
  ),
  'backup.start': call(
    z.object({
      machineId: MachineId,
      /** Null: the machine's saved or the only destination. */
      destinationId: DestinationId.nullable(),
      /** Disk ids or aliases; null: all that can be backed up. */
      diskIds: z.array(z.string()).nullable(),
      /** `automatic`: an incremental whenever there is something to start from. */
      kind: z.enum(['automatic', 'full']).default('automatic'),
      limit,
      /** Compute the content index right after recording. */
      check: z.boolean(),
      /** Compare the finished point with the instant itself, chunk by chunk. */
      prove: z.boolean().default(false),
      /** Freeze the guest's file systems around the instant. Null: as the machine's or the general settings say. */
      freeze: z.boolean().nullable().default(null),
      /** No backup when the guest cannot be frozen. Null: as the settings say. */
      requireFreeze: z.boolean().nullable().default(null),
      /** Mount points inside the guest to freeze; null: all, or as saved for the machine. */
      mountpoints: z.array(z.string().startsWith('/')).min(1).nullable().default(null),
      /** Wait for what may come by itself (an absent destination, another job on the disk, a busy monitor, a machine that is off) instead of failing. */
      whenPossible: z.boolean().default(false),
    }),
    started,
  ),

  /**
   * Holds one instant of a machine's disks for others to read over NBD. The job's `export` says where. It ends when it
   * is cancelled, or some seconds after nobody holds it any more.
   */
  'export.start': call(
    z.object({
      machineId: MachineId,
      diskIds: z.array(z.string()).nullable(),
      /** Also tells what changed since this point (`qemu:dirty-bitmap`). */
      since: PointId.nullable().default(null),
      freeze: z.boolean().nullable().default(null),
      requireFreeze: z.boolean().nullable().default(null),
    }),
    started,
  ),
  /** Lasts for as long as the export is wanted: ends with the job, and ends the job when the caller goes away. */
  'export.hold': call(z.object({ jobId: JobId }), nothing),

  'jobs.list': call(nothing, z.array(Job)),
  'jobs.pause': call(z.object({ jobId: JobId }), nothing),
  'jobs.resume': call(z.object({ jobId: JobId }), nothing),
  'jobs.cancel': call(z.object({ jobId: JobId }), nothing),
  'jobs.setLimit': call(z.object({ jobId: JobId, limit }), nothing),
  'jobs.startNow': call(z.object({ jobId: JobId }), nothing),
  'jobs.skipCheck': call(z.object({ jobId: JobId }), nothing),

  'points.list': call(z.object({ machineId: MachineId.nullable() }), z.array(Point)),
  'points.get': call(z.object({ pointId: PointId }), Point),
  'points.verify': call(z.object({ pointId: PointId, level: z.enum(['structure', 'content']) }), started),
  'points.delete': call(
    z.object({
      pointIds: z.array(PointId).min(1),
      /** Those among them that are pinned, the last good or the last verified one, and are to go all the same. */
      evenProtected: z.array(PointId).default([]),
    }),
    started,
  ),
  'points.deletePreview': call(z.object({ pointIds: z.array(PointId).min(1) }), DeletePreview),
  /** A pinned point is never removed by retention, and deleted only on an extra word. */
  'points.pin': call(z.object({ pointId: PointId, pinned: z.boolean() }), Point),
  'points.prunePreview': call(
    z.object({ machineId: MachineId, destinationId: DestinationId, policy: RetentionPolicy }),
    RetentionPreview,
  ),
  /** Removes what the preview shows. `expected`: refuse when it would remove anything else; null: whatever it is. */
  'points.prune': call(
    z.object({
      machineId: MachineId,
      destinationId: DestinationId,
      policy: RetentionPolicy,
      expected: z.array(PointId).nullable().default(null),
    }),
    started,
  ),
  'points.diff': call(z.object({ from: PointId, to: PointId }), PointDifference),

  'restore.preflight': call(z.object({ pointId: PointId }), Preflight),
  'restore.swap': call(z.object({ pointId: PointId }), started),
  'restore.toNewImage': call(
    z.object({ pointId: PointId, directory: z.string(), format: z.enum(['qcow2', 'raw']) }),
    started,
  ),
  'restores.list': call(nothing, z.array(Restore)),
  'restores.undoPreflight': call(z.object({ restoreId: RestoreId }), Preflight),
  'restores.undo': call(z.object({ restoreId: RestoreId }), started),

  'activity.list': call(nothing, z.array(Activity)),
  'activity.dismiss': call(z.object({ activityId: z.string() }), nothing),

  'settings.get': call(nothing, Settings),
  'settings.set': call(Settings.partial(), Settings),

  'demo.get': call(nothing, Demo),
  'demo.start': call(nothing, Demo),
  'demo.stop': call(nothing, Demo),
  /** Removes the demo machine with its files, its restore points and its destination entry. */
  'demo.remove': call(nothing, Demo),

  // Answered by the host itself, not by the core.
  'host.chooseFolder': call(z.object({ title: z.string() }), z.object({ path: z.string().nullable() })),
  'host.showInFolder': call(z.object({ path: z.string() }), nothing),
  /** Opens the page of the Mac's settings where Floe is allowed to use drives and folders. */
  'host.openPrivacySettings': call(nothing, nothing),
} as const

/** Collections that a host pushes: one snapshot, then deltas. Every item has an `id`. */
export const topics = {
  machines: Machine,
  destinations: Destination,
  jobs: Job,
  points: Point,
  restores: Restore,
  activity: Activity,
  demo: Demo,
  settings: z.object({ id: z.literal('settings'), settings: Settings }),
} as const

export type CallName = keyof typeof calls
export type Input<N extends CallName> = z.input<(typeof calls)[N]['input']>
export type ParsedInput<N extends CallName> = z.output<(typeof calls)[N]['input']>
export type Output<N extends CallName> = z.output<(typeof calls)[N]['output']>
export type TopicName = keyof typeof topics
export type TopicItem<T extends TopicName> = z.output<(typeof topics)[T]>

/** `seq` grows by one with each delta; a gap means something was missed: subscribe again. */
export type TopicMessage<T extends TopicName = TopicName> =
  | { readonly kind: 'snapshot'; readonly topic: T; readonly seq: number; readonly items: readonly TopicItem<T>[] }
  | {
      readonly kind: 'delta'
      readonly topic: T
      readonly seq: number
      readonly upserts: readonly TopicItem<T>[]
      readonly removals: readonly string[]
    }

/** The calls the host answers itself. */
export type HostCallName = Extract<CallName, `host.${string}`>
export type CoreCallName = Exclude<CallName, HostCallName>

/** Reads untrusted call input into the call's type; the caller words the failure. */
export function parseInput<N extends CallName>(name: N, input: unknown): z.ZodSafeParseResult<ParsedInput<N>> {
  return calls[name].input.safeParse(input) as z.ZodSafeParseResult<ParsedInput<N>>
}

export type { ProblemParams }
