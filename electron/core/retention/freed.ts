// What deleting restore points really frees. A byte of a disk that a point shows is kept where the newest of the point
// and its forebears copied it; it goes with the last point that shows it. The same for clones and for chains.
import type { DiskId, PointId } from '../../../shared/domain/ids.ts'
import { bytesIn, difference, type Extents, union } from '../extents/extents.ts'

/** A disk in a point: what was copied for it, over what its parent shows. A disk without a parent holds all it shows. */
export interface HeldDisk {
  readonly pointId: PointId
  readonly diskId: DiskId
  readonly parentId: PointId | null
  readonly copied: Extents
  /** Of what was copied, what is known to be zeroes: where images lie over each other it takes up nothing. */
  readonly zeroes?: Extents
}

export interface Freed {
  /** Bytes that no kept point shows. */
  readonly freedBytes: number
  /** Bytes copied for removed points that kept ones show. */
  readonly neededBytes: number
  /** Where images lie over each other: bytes that move into the kept images right above removed ones. */
  readonly writtenBytes: number
  /** `neededBytes`, by the kept point that has them from now on: the first one, in the order given, that shows them. */
  readonly inherits: ReadonlyMap<PointId, number>
}

interface Node {
  readonly disk: HeldDisk
  readonly children: Node[]
  parent: Node | null
}

function treesOf(disks: readonly HeldDisk[]): readonly Node[] {
  const nodes = disks.map((disk): Node => ({ disk, children: [], parent: null }))
  const byName = new Map(nodes.map((node) => [`${node.disk.pointId} ${node.disk.diskId}`, node]))
  for (const node of nodes) {
    const parent = node.disk.parentId === null ? undefined : byName.get(`${node.disk.parentId} ${node.disk.diskId}`)
    if (!parent || parent === node) continue
    node.parent = parent
    parent.children.push(node)
  }
  return nodes
}

/** `disks`: all of the machine's points on the destination, oldest first. */
export function freedBy(disks: readonly HeldDisk[], removed: ReadonlySet<PointId>): Freed {
  const isRemoved = (node: Node) => removed.has(node.disk.pointId)
  const inherits = new Map<PointId, number>()

  /** Which of `visible`, copied for one point, kept points further down show. Each byte goes to the first of them. */
  function claimed(node: Node, visible: Extents): Extents {
    let found: Extents = []
    for (const child of node.children) {
      const seen = difference(visible, union(child.disk.copied, found))
      if (seen.length === 0) continue
      if (isRemoved(child)) found = union(found, claimed(child, seen))
      else {
        inherits.set(child.disk.pointId, (inherits.get(child.disk.pointId) ?? 0) + bytesIn(seen))
        found = union(found, seen)
      }
    }
    return found
  }

  let copiedBytes = 0
  let neededBytes = 0
  let writtenBytes = 0
  for (const node of treesOf(disks)) {
    if (isRemoved(node)) {
      copiedBytes += bytesIn(node.disk.copied)
      neededBytes += bytesIn(claimed(node, node.disk.copied))
      continue
    }
    let covered = node.disk.copied
    for (let at = node.parent; at && isRemoved(at); at = at.parent) {
      const shown = difference(at.disk.copied, covered)
      writtenBytes += bytesIn(difference(shown, at.disk.zeroes ?? []))
      covered = union(covered, at.disk.copied)
    }
  }
  return { freedBytes: copiedBytes - neededBytes, neededBytes, writtenBytes, inherits }
}
