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

/**
 * The node that holds the disk's own format: what is to be backed up, whatever filters (Floe's running job among them)
 * lie above it. Null when that cannot be told for certain.
 */
export function belowFilters(
  top: BlockNode,
  nodes: readonly BlockNode[],
  graph: BlockGraph | null,
  cwd: string | null,
): BlockNode | null {
  let node: BlockNode | null = top
  for (let depth = 0; node !== null && filterDrivers.has(node.drv); depth += 1) {
    if (depth > 20) return null
    const name: string | null = graph ? childInGraph(graph, node['node-name'] ?? '') : null
    node = name === null ? childByFile(nodes, node, cwd) : (nodes.find((other) => other['node-name'] === name) ?? null)
  }
  return node
}
