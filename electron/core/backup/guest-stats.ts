// How long a guest waits for its own writes, as QEMU counts it at the guest's devices (`query-blockstats`). The counters
// only grow, so a latency is the difference of two readings; they stay with the device when its node is exchanged.
import type { QmpSession } from '../qmp/types.ts'

/** Since QEMU's start, summed over the disks of a backup. */
export interface WriteTotals {
  readonly writes: number
  readonly writeNs: number
  readonly flushes: number
  readonly flushNs: number
}

/** Milliseconds per write and per flush; null where there were too few to say. */
export interface WriteLatency {
  readonly writeMs: number | null
  readonly flushMs: number | null
}

/** How one finds a backup's devices: by the node at their root, which may be a filter of ours, or by their QOM path. */
export interface DeviceNames {
  readonly nodes: ReadonlySet<string>
  readonly devices: ReadonlySet<string>
}

interface BlockStats {
  readonly 'node-name'?: string
  readonly qdev?: string
  readonly stats: {
    readonly wr_operations: number
    readonly wr_total_time_ns: number
    readonly flush_operations: number
    readonly flush_total_time_ns: number
  }
}

export const unknownLatency: WriteLatency = { writeMs: null, flushMs: null }

/** Null when none of the devices is there. */
export async function readTotals(session: QmpSession, names: DeviceNames): Promise<WriteTotals | null> {
  const all = await session.execute<BlockStats[]>('query-blockstats')
  const ours = all.filter(
    (device) =>
      (device['node-name'] !== undefined && names.nodes.has(device['node-name'])) ||
      (device.qdev !== undefined && names.devices.has(device.qdev)),
  )
  if (ours.length === 0) return null
  return ours.reduce<WriteTotals>(
    (sum, { stats }) => ({
      writes: sum.writes + stats.wr_operations,
      writeNs: sum.writeNs + stats.wr_total_time_ns,
      flushes: sum.flushes + stats.flush_operations,
      flushNs: sum.flushNs + stats.flush_total_time_ns,
    }),
    { writes: 0, writeNs: 0, flushes: 0, flushNs: 0 },
  )
}

/** How many of each it takes to say something. */
export interface Fewest {
  readonly writes: number
  readonly flushes: number
}

const fewestAtOnce: Fewest = { writes: 5, flushes: 3 }
const fewestBefore: Fewest = { writes: 20, flushes: 10 }
const fewestEver: Fewest = { writes: 100, flushes: 20 }

/**
 * What was done between two readings. A few slow ones say enough when the guest waited for them half of `withinMs`: one
 * that waits long does not write often. A device that was reset or unplugged makes the sums go back: that tells nothing.
 */
export function latencyBetween(
  before: WriteTotals,
  after: WriteTotals,
  { fewest = fewestAtOnce, withinMs = Number.POSITIVE_INFINITY }: { fewest?: Fewest; withinMs?: number } = {},
): WriteLatency {
  const mean = (count: number, nanoseconds: number, least: number): number | null => {
    const enough = count >= least || (count > 0 && nanoseconds >= (withinMs / 2) * 1e6)
    return enough && nanoseconds >= 0 ? nanoseconds / count / 1e6 : null
  }
  return {
    writeMs: mean(after.writes - before.writes, after.writeNs - before.writeNs, fewest.writes),
    flushMs: mean(after.flushes - before.flushes, after.flushNs - before.flushNs, fewest.flushes),
  }
}

const never: WriteTotals = { writes: 0, writeNs: 0, flushes: 0, flushNs: 0 }

/**
 * What the guest is used to: what it saw while the backup was prepared, else the average since QEMU's start, else
 * nothing is known.
 */
export function idleLatency(first: WriteTotals | null, last: WriteTotals | null): WriteLatency {
  if (last === null) return unknownLatency
  const recent = first === null ? unknownLatency : latencyBetween(first, last, { fewest: fewestBefore })
  const ever = latencyBetween(never, last, { fewest: fewestEver })
  return { writeMs: recent.writeMs ?? ever.writeMs, flushMs: recent.flushMs ?? ever.flushMs }
}
