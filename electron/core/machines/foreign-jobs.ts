// Jobs of others on a disk, found before anything is inserted: Floe's filter would take the guest's writes past theirs,
// and their copy would be wrong without a word.
import type { Disk } from '../../../shared/domain/disk.ts'
import { FloeError } from '../errors.ts'
import type { QmpSession } from '../qmp/types.ts'
import type { BlockDevice, BlockGraph } from './inventory/block-types.ts'

/** Begins the name of everything that any Floe makes inside a QEMU. */
const floePrefix = 'floe-'

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
    if (job) return { disk, job: job.device, type: job.type, floe: job.device.startsWith(floePrefix) }
  }
  for (const disk of disks) {
    const top = found.devices.find(({ qdev }) => qdev !== undefined && qdev === disk.qdev)?.inserted
    if (!top || !copyFilters.has(top.drv)) continue
    const name = top['node-name'] ?? ''
    return { disk, job: null, type: top.drv, floe: name.startsWith(floePrefix) }
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
