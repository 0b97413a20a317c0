import { z } from 'zod'
import { Disk } from './disk.ts'
import { MachineId, PointId } from './ids.ts'

/** How Floe reaches QEMU's monitor. */
export const QmpEndpoint = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('unix'), path: z.string() }),
  z.object({ kind: z.literal('tcp'), host: z.string(), port: z.number().int().min(1).max(65535) }),
])
export type QmpEndpoint = z.infer<typeof QmpEndpoint>

/** What is known of a machine's condition right now. Each state carries what its remedy needs (ux.md 2, 3.3 C1-C6). */
export const MachineState = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('running') }),
  /** QEMU runs, the guest's CPUs are stopped. `status` is QEMU's run state (`paused`, `io-error`, `prelaunch`, ...). */
  z.object({ kind: z.literal('guest-paused'), status: z.string() }),
  z.object({ kind: z.literal('off'), since: z.string().nullable() }),
  z.object({ kind: z.literal('busy'), program: z.string().nullable(), pid: z.number().int().nullable() }),
  /** QEMU runs without a QMP socket; `option` is the exact option to add to its start command. */
  z.object({ kind: z.literal('no-socket'), option: z.string(), reason: z.enum(['none', 'hmp-only']) }),
  z.object({ kind: z.literal('no-permission'), user: z.string().nullable(), command: z.string() }),
  /** Accepted the connection, sent nothing. */
  z.object({ kind: z.literal('silent') }),
  /** Something answers that does not speak QMP. */
  z.object({ kind: z.literal('not-qmp'), speaks: z.enum(['hmp', 'garbage']) }),
  /** A virtual machine that is not QEMU at all (Apple Virtualization, krun, ...). */
  z.object({ kind: z.literal('not-qemu'), engine: z.string(), launcher: z.string().nullable() }),
  /** The drive or folder with the images is not there. */
  z.object({ kind: z.literal('unplugged'), path: z.string() }),
])
export type MachineState = z.infer<typeof MachineState>

/** What Floe knows of the guest agent. `ready` means that it answered within the last minutes (ux.md F8). */
export const AgentState = z.discriminatedUnion('kind', [
  /** The start command has no channel for an agent; `options` are the QEMU options that make one. */
  z.object({ kind: z.literal('none'), options: z.string() }),
  /** Not asked yet, or the machine is off. */
  z.object({ kind: z.literal('unknown') }),
  z.object({
    kind: z.literal('ready'),
    answeredAt: z.string(),
    version: z.string().nullable(),
    canFreeze: z.boolean(),
  }),
  /** The channel works and nobody answers: no agent runs in the guest, or it hangs. */
  z.object({ kind: z.literal('silent'), since: z.string() }),
  /** The channel cannot be used: missing socket, no permission, garbage. `text` is a finished sentence. */
  z.object({ kind: z.literal('unreachable'), text: z.string() }),
])
export type AgentState = z.infer<typeof AgentState>

export const Machine = z.object({
  id: MachineId,
  name: z.string(),
  state: MachineState,
  /** `added` by the user; `found` among the running processes; `demo` is Floe's own. */
  origin: z.enum(['added', 'found', 'demo']),
  endpoint: QmpEndpoint.nullable(),
  agentPath: z.string().nullable(),
  agent: AgentState,
  /** Since when Floe waits for the guest to confirm a thaw (ISO 8601); null when it is not frozen by Floe. */
  mayBeFrozenSince: z.string().nullable(),
  pid: z.number().int().nullable(),
  /** Who started it when known: `Lima`, `Colima`, ... */
  launcher: z.string().nullable(),
  /** Start command as one line, quoted for a shell; null when unknown. */
  startCommand: z.string().nullable(),
  /** Script or program that started QEMU, when the system can tell. */
  startedBy: z.string().nullable(),
  qemuVersion: z.string().nullable(),
  accelerator: z.string().nullable(),
  uuid: z.string().nullable(),
  runningSince: z.string().nullable(),
  /** Last known disks: live while running, remembered while off. */
  disks: z.array(Disk),
  /** Newest restore point that is good, and when it was taken (ISO 8601). */
  lastGoodPoint: z.object({ id: PointId, createdAt: z.string() }).nullable(),
  /** When this machine was last seen running (ISO 8601). */
  lastSeenAt: z.string().nullable(),
  /** QEMU features Floe looked up in `query-qmp-schema`, by name. */
  features: z.record(z.string(), z.boolean()),
})
export type Machine = z.infer<typeof Machine>

/** One line of the Add Machine sheet's test. */
export const ProbeLine = z.object({
  check: z.enum(['path', 'connect', 'qmp', 'disks', 'agent']),
  result: z.enum(['ok', 'warning', 'failed', 'skipped']),
  /** A finished sentence. */
  text: z.string(),
  /** What to do about it; null when nothing is needed. */
  fix: z.string().nullable(),
})
export type ProbeLine = z.infer<typeof ProbeLine>
