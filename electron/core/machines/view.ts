import type { Disk } from '../../../shared/domain/disk.ts'
import type { AgentState, Machine, MachineState } from '../../../shared/domain/machine.ts'
import { agentOptions } from './agent/agent-options.ts'
import type { FoundQemu } from './discovery.ts'
import type { RegistryEntry } from './registry.ts'

const isLive = ({ kind }: MachineState): boolean => kind === 'running' || kind === 'guest-paused'

/** What was tracked went or stayed with a QEMU that Floe can't ask now. */
const withoutTracking = (disk: Disk): Disk => ({ ...disk, tracking: { kind: 'unknown' } })

/** A machine as everybody outside this room sees it. */
export function viewOf(
  entry: RegistryEntry,
  now: {
    readonly process: FoundQemu | null
    readonly state: MachineState
    /** Did the process that runs now tell what the entry remembers? */
    readonly known: boolean
    readonly agent: AgentState
    readonly mayBeFrozenSince: string | null
  },
): Machine {
  const { process } = now
  return {
    id: entry.id,
    name: entry.name,
    state: now.state,
    origin: entry.origin,
    endpoint: entry.endpoint,
    agentPath: entry.agentPath,
    agent: entry.agentPath === null ? { kind: 'none', options: agentOptions(entry.name) } : now.agent,
    mayBeFrozenSince: now.mayBeFrozenSince,
    pid: process?.process.pid ?? null,
    launcher: entry.launcher,
    startCommand: entry.startCommand,
    startedBy: entry.startedBy,
    qemuVersion: entry.qemuVersion,
    accelerator: entry.accelerator,
    uuid: entry.uuid,
    runningSince: process?.process.startedAt?.toISOString() ?? null,
    disks: now.known && isLive(now.state) ? entry.disks : entry.disks.map(withoutTracking),
    lastGoodPoint: entry.lastGoodPoint,
    lastSeenAt: entry.lastSeenAt,
    features: entry.features,
  }
}
