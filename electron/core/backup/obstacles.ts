// What stands in the way of a backup and may pass by itself: the destination, the machine, its monitor, or another
// program's job on a disk. Jobs of others are found before anything is inserted: Floe's filter would take the guest's
// writes past theirs, and their copy would be wrong without a word.
import type { Disk } from '../../../shared/domain/disk.ts'
import type { ProblemCode } from '../../../shared/errors/codes.ts'
import { FloeError, toProblem } from '../errors.ts'
import type { WaitingState } from '../jobs/types.ts'
import type { BlockDevice, BlockGraph } from '../machines/inventory/block-types.ts'
import type { QmpSession } from '../qmp/types.ts'
import { ownPrefix } from './naming.ts'

const kinds: Partial<Record<ProblemCode, WaitingState['for']>> = {
  'destination/missing': 'destination',
  'destination/locked': 'destination',
  'destination/other-disk': 'destination',
  'destination/in-use': 'destination',
  'machine/off': 'machine',
  'machine/socket-missing': 'machine',
  'machine/refused': 'machine',
  'machine/busy': 'monitor',
  'machine/silent': 'monitor',
  'machine/timeout': 'monitor',
  'backup/job-clash': 'disk-job',
}

/** The error as something to wait for; null when waiting would not help. */
export function obstacleOf(error: unknown): WaitingState | null {
  if (!(error instanceof FloeError)) return null
  const waitsFor = kinds[error.code]
  return waitsFor === undefined ? null : { kind: 'waiting', for: waitsFor, problem: toProblem(error) }
}

/** One of `query-block-jobs`. */
export interface BlockJob {
  readonly device: string
  readonly type: string
  readonly status: string
}

export interface Clash {
  readonly disk: Disk
  /** Null for a filter that no job of QEMU belongs to: somebody reads an instant of the disk. */
  readonly job: string | null
  readonly type: string
  /** Named as Floe names things: another Floe's, or one's whose records are lost. */
  readonly floe: boolean
}

const copyFilters = new Set(['copy-before-write', 'backup-top'])
const over = new Set(['concluded', 'null', 'undefined'])

/** Pure: the first job or filter of others on one of the disks. @param graph null where QEMU does not tell */
export function clashOn(
  disks: readonly Disk[],
  found: {
    readonly devices: readonly BlockDevice[]
    readonly jobs: readonly BlockJob[]
    readonly graph: BlockGraph | null
  },
): Clash | null {
  const jobs = found.jobs.filter(({ status }) => !over.has(status))
  for (const disk of disks) {
    const job = jobs.find(({ device }) => isOn(disk, device, found.graph))
    if (job) return { disk, job: job.device, type: job.type, floe: job.device.startsWith(ownPrefix) }
  }
  for (const disk of disks) {
    const top = found.devices.find(({ qdev }) => qdev !== undefined && qdev === disk.qdev)?.inserted
    if (!top || !copyFilters.has(top.drv)) continue
    const name = top['node-name'] ?? ''
    return { disk, job: null, type: top.drv, floe: name.startsWith(ownPrefix) }
  }
  return null
}

/** Without a graph nobody can tell which disk a job is on; then it counts for each. */
function isOn(disk: Disk, job: string, graph: BlockGraph | null): boolean {
  if (graph === null || disk.node === null) return true
  const own = nodesOf(disk.node, graph)
  const ids = graph.nodes.filter(({ type, name }) => type === 'block-job' && name === job).map(({ id }) => id)
  return graph.edges.some(({ parent, child }) => ids.includes(parent) && own.has(child))
}

/** The disk's own node, all it reads from, and what lies above it up to its device. */
function nodesOf(node: string, { nodes, edges }: BlockGraph): ReadonlySet<number> {
  const drivers = new Set(nodes.filter(({ type }) => type === 'block-driver').map(({ id }) => id))
  const start = nodes.filter(({ id, name }) => drivers.has(id) && name === node).map(({ id }) => id)
  const reach = (next: (id: number) => readonly number[]) => {
    const reached = new Set(start)
    // A set that grows while it is walked: each node is walked once.
    for (const id of reached) for (const other of next(id)) if (drivers.has(other)) reached.add(other)
    return reached
  }
  const below = reach((id) => edges.filter(({ parent }) => parent === id).map(({ child }) => child))
  const above = reach((id) => edges.filter(({ child }) => child === id).map(({ parent }) => parent))
  return new Set([...below, ...above])
}

/**
 * Asks QEMU whether somebody else works on one of the disks. Floe's own job on the machine must not run at this time.
 * @throws FloeError `backup/job-clash` naming disk, job and type; the session's errors
 */
export async function assertNoClash(session: QmpSession, machineName: string, disks: readonly Disk[]): Promise<void> {
  const jobs = await session.execute<BlockJob[]>('query-block-jobs')
  const devices = await session.execute<BlockDevice[]>('query-block')
  const capabilities = await session.capabilities()
  const hasGraph = jobs.length > 0 && capabilities.hasCommand('x-debug-query-block-graph')
  const graph = hasGraph ? await session.execute<BlockGraph>('x-debug-query-block-graph') : null
  const clash = clashOn(disks, { devices, jobs, graph })
  if (clash) throw clashError(machineName, clash)
}

export function clashError(machineName: string, { disk, job, type, floe }: Clash): FloeError {
  const whose = floe ? 'of another Floe, or of one whose records are lost' : 'of another program'
  const what = job === null ? `a ${type} filter ${whose}` : `the ${type} job "${job}" ${whose}`
  return new FloeError('backup/job-clash', `The disk ${disk.id} of ${machineName} is in use by ${what}.`, {
    params: { machine: machineName, disk: disk.id, job, type, floe },
    remedy: 'Start the backup when that is done, or leave this disk out.',
  })
}
