// What QEMU says of the dirty bitmaps of each disk.
import type { DiskId } from '../../../shared/domain/ids.ts'
import type { QmpSession } from '../qmp/types.ts'
import { hasInternalSnapshots, type ImageFacts, keptIn } from './kept-in.ts'
import type { DiskBitmap, DiskTracking } from './types.ts'
import { unsureWitness, witnessOf } from './witness.ts'

export { type OfflineDisk, readOfflineTracking } from './offline-reading.ts'

/** A disk as the inventory has it. Without `backingChain`, a disk with backing files gets a witness that fits nothing. */
export interface TrackedDisk {
  readonly id: DiskId
  /** Its own node, below any filter. */
  readonly node: string | null
  /** Absolute paths, nearest first. */
  readonly backingChain?: readonly string[]
}

/** Of `query-named-block-nodes`. An inconsistent bitmap has neither `busy` nor `granularity` (QEMU 7.2). */
interface BitmapInfo {
  readonly name?: string
  readonly count?: number
  readonly granularity?: number
  readonly recording?: boolean
  readonly busy?: boolean
  readonly persistent?: boolean
  readonly inconsistent?: boolean
}

interface Node {
  readonly 'node-name'?: string
  readonly drv: string
  readonly backing_file?: string
  /** Right only in an answer that is not flat (QEMU 7.2). */
  readonly backing_file_depth?: number
  readonly 'dirty-bitmaps'?: readonly BitmapInfo[]
  readonly image?: ImageFacts
}

/** @throws the session's errors */
export async function readTracking(
  session: QmpSession,
  disks: readonly TrackedDisk[],
): Promise<ReadonlyMap<DiskId, DiskTracking>> {
  const wanted = new Set(disks.map(({ node }) => node ?? ''))
  const ask = async (flat: boolean) => {
    const nodes = await session.execute<readonly Node[]>('query-named-block-nodes', { flat })
    return nodes.filter((node) => (node['node-name'] ?? '') !== '' && wanted.has(node['node-name'] ?? ''))
  }
  const flat = await ask(true)
  const nodes = flat.some((node) => node.backing_file !== undefined) ? await ask(false) : flat
  const byName = new Map(nodes.map((node) => [node['node-name'], node]))
  const found = await Promise.all(disks.map((disk) => trackingOf(disk, byName.get(disk.node ?? '') ?? null)))
  return new Map(found.map((tracking) => [tracking.diskId, tracking]))
}

async function trackingOf(disk: TrackedDisk, node: Node | null): Promise<DiskTracking> {
  if (!node) return { diskId: disk.id, bitmaps: [], keeps: 'none', witness: null }
  const depth = node.backing_file_depth ?? 0
  const chain = disk.backingChain ?? []
  return {
    diskId: disk.id,
    bitmaps: (node['dirty-bitmaps'] ?? []).flatMap(bitmapOf),
    ...keeping(node),
    witness: chain.length === depth ? await witnessOf(chain) : unsureWitness(),
    format: node.drv,
  }
}

/** QEMU goes back to an internal snapshot only on a disk without bitmaps, and leaves the others torn apart (docs/qmp.md). */
export const hasSnapshots =
  'The image has internal snapshots, which QEMU can\u2019t go back to while changes are tracked; so they are not'

function keeping({ drv, image }: Node): Pick<DiskTracking, 'keeps' | 'hindrance'> {
  if (hasInternalSnapshots(image)) return { keeps: 'none', hindrance: hasSnapshots }
  return { keeps: keptIn(drv, image?.['format-specific']?.data ?? {}) }
}

/** QEMU's own bitmaps, of running jobs, have no name. */
function bitmapOf(info: BitmapInfo): DiskBitmap[] {
  if (info.name === undefined || info.name === '') return []
  return [
    {
      name: info.name,
      recording: info.recording === true,
      persistent: info.persistent === true,
      busy: info.busy === true,
      inconsistent: info.inconsistent === true,
      granularity: info.granularity ?? 0,
      dirtyBytes: info.count ?? 0,
    },
  ]
}
