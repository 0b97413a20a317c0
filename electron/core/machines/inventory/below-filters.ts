import { type BlockGraph, type BlockNode, filterDrivers } from './block-types.ts'
import { fileOf } from './file-names.ts'

function childInGraph(graph: BlockGraph, name: string): string | null {
  const node = graph.nodes.find((candidate) => candidate.type === 'block-driver' && candidate.name === name)
  if (!node) return null
  const edges = graph.edges.filter((edge) => edge.parent === node.id)
  const edge = edges.find(({ name: role }) => role === 'file') ?? edges.find(({ name: role }) => role === 'backing')
  return graph.nodes.find((candidate) => candidate.id === edge?.child)?.name ?? null
}

/** Without a graph: the one format node with the same file and size. Not two: then nobody can tell which. */
function childByFile(nodes: readonly BlockNode[], filter: BlockNode, cwd: string | null): BlockNode | null {
  const wanted = fileOf(filter.file, cwd)
  if (wanted.kind !== 'file') return null
  const same = nodes.filter((node) => {
    if (filterDrivers.has(node.drv) || node.drv === 'file' || node.drv === 'host_device') return false
    const file = fileOf(node.file, cwd)
    return (
      file.kind === 'file' &&
      file.path === wanted.path &&
      node.image?.['virtual-size'] === filter.image?.['virtual-size']
    )
  })
  return same.length === 1 ? (same[0] ?? null) : null
}

export interface BelowFilters {
  /** Null when it cannot be told for certain. */
  readonly node: BlockNode | null
  /** Names of the filters above it, topmost first. */
  readonly above: readonly string[]
}

/**
 * The node that holds the disk's own format: what is to be backed up, whatever filters (Floe's running job among them)
 * lie above it.
 */
export function belowFilters(
  top: BlockNode,
  nodes: readonly BlockNode[],
  graph: BlockGraph | null,
  cwd: string | null,
): BelowFilters {
  const above: string[] = []
  let node: BlockNode | null = top
  while (node !== null && filterDrivers.has(node.drv)) {
    if (above.length > 20) return { node: null, above }
    const own: string = node['node-name'] ?? ''
    above.push(own)
    const below: string | null = graph ? childInGraph(graph, own) : null
    node =
      below === null ? childByFile(nodes, node, cwd) : (nodes.find((other) => other['node-name'] === below) ?? null)
  }
  return { node, above }
}
