// A machine's disks, from what QEMU says of them. `query-block` lists what the guest has; the named nodes only help to
// look below filters, because they also hold nodes that nobody uses (qemu.md 1).
import type { ChangeTracking, Disk, DiskExclusion } from '../../../../shared/domain/disk.ts'
import { DiskId } from '../../../../shared/domain/ids.ts'
import type { QmpSession } from '../../qmp/types.ts'
import { changeTrackingOf } from '../../tracking/change-tracking.ts'
import { type BelowFilters, belowFilters } from './below-filters.ts'
import { type BlockDevice, type BlockGraph, type BlockNode, filterDrivers, type ImageInfo } from './block-types.ts'
import { namesOfDisk, uniqueNames } from './disk-names.ts'
import { fileOf } from './file-names.ts'

export interface BlockAnswers {
  readonly devices: readonly BlockDevice[]
  readonly nodes: readonly BlockNode[]
  readonly graph: BlockGraph | null
}

function chainOf(image: ImageInfo | undefined): ImageInfo[] {
  const chain: ImageInfo[] = []
  for (let at = image; at !== undefined && chain.length < 200; at = at['backing-image']) chain.push(at)
  return chain
}

const isFirmware = (device: BlockDevice) =>
  /\.flash\d+$/.test(device.qdev ?? '') || /^pflash\d+$/.test(device.device) || /\/cfi\.pflash/.test(device.qdev ?? '')

function exclusionOf(device: BlockDevice, node: BlockNode | null, temporary: boolean): DiskExclusion | null {
  const { inserted } = device
  if (!inserted) return 'empty'
  if (device.qdev === undefined || device.qdev === '') return 'not-attached'
  if (device.removable) return 'removable'
  if (inserted.ro) return 'read-only'
  if (temporary) return 'temporary'
  if (node === null) return 'unreadable'
  return (node.image?.['virtual-size'] ?? 0) === 0 ? 'empty' : null
}

function trackingOf(node: BlockNode | null, exclusion: DiskExclusion | null): ChangeTracking {
  if (exclusion !== null) return { kind: 'none', why: 'not-backed-up' }
  return node === null ? { kind: 'unknown' } : changeTrackingOf(node)
}

function describe(
  device: BlockDevice,
  answers: BlockAnswers,
  cwd: string | null,
): Omit<Disk, 'id' | 'aliases'> & {
  readonly below: BelowFilters
} {
  const top = device.inserted
  const below = top ? belowFilters(top, answers.nodes, answers.graph, cwd) : { node: null, above: [] }
  const { node } = below
  // A filter reports the image below it once more as its own backing image (QEMU 7.2): the chain starts at the format.
  const chain = chainOf(top?.image)
  while (chain.length > 1 && filterDrivers.has(chain[0]?.format ?? '')) chain.shift()
  const file = fileOf(node?.file ?? top?.file ?? '', cwd)
  const exclusion = exclusionOf(device, node, file.kind === 'temporary')
  const backing = chain.slice(1).flatMap((image) => {
    const found = fileOf(image.filename ?? '', cwd)
    return found.kind === 'file' ? [found.path] : []
  })
  return {
    below,
    node: node?.['node-name'] ?? null,
    qdev: device.qdev ?? null,
    format: node?.drv ?? top?.drv ?? null,
    virtualSize: node?.image?.['virtual-size'] ?? top?.image?.['virtual-size'] ?? 0,
    allocatedSize: chain.reduce((sum, image) => sum + (image['actual-size'] ?? 0), 0),
    imagePath: file.kind === 'file' ? file.path : null,
    backingChain: backing,
    readOnly: top?.ro ?? false,
    removable: device.removable,
    firmware: isFirmware(device),
    exclusion,
    tracking: trackingOf(node, exclusion),
  }
}

/** Pure: what QEMU answered, as disks. `cwd` is QEMU's own folder; without it relative names stay unresolved. */
export function disksOf(answers: BlockAnswers, cwd: string | null): Disk[] {
  const described = answers.devices.map((device) => ({ device, facts: describe(device, answers, cwd) }))
  const names = uniqueNames(described.map(({ device, facts }) => namesOfDisk(device, facts.below)))
  return described.map(({ facts: { below: _below, ...facts } }, index) => {
    const { id, aliases } = names[index] ?? { id: `disk-${index}`, aliases: [] }
    return { ...facts, id: DiskId.parse(id), aliases: [...aliases] }
  })
}

/** Asks QEMU. @throws the session's errors */
export async function readDisks(session: QmpSession, cwd: string | null, timeoutMs?: number): Promise<Disk[]> {
  const options = timeoutMs === undefined ? {} : { timeoutMs }
  const devices = await session.execute<BlockDevice[]>('query-block', {}, options)
  const filtered = devices.some((device) => filterDrivers.has(device.inserted?.drv ?? ''))
  if (!filtered) {
    const nodes = devices.flatMap((device) => (device.inserted ? [device.inserted] : []))
    return disksOf({ devices, nodes, graph: null }, cwd)
  }
  const nodes = await session.execute<BlockNode[]>('query-named-block-nodes', {}, options)
  const capabilities = await session.capabilities()
  const graph = capabilities.hasCommand('x-debug-query-block-graph')
    ? await session.execute<BlockGraph>('x-debug-query-block-graph', {}, options)
    : null
  return disksOf({ devices, nodes, graph }, cwd)
}
