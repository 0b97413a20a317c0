// What the machine's inventory tells of the tracking of a disk: whether there is a record of its changes, and for how long.
// Which bitmap a backup may believe is another question (basis.ts).
import type { ChangeTracking } from '../../../shared/domain/disk.ts'
import { hasInternalSnapshots, type ImageFacts, whyNotKept } from './kept-in.ts'
import { parseBitmapName, withoutEndMark } from './naming.ts'

interface BitmapFacts {
  readonly name?: string
  readonly recording?: boolean
  readonly inconsistent?: boolean
}

/** Of a node as `query-block` and `query-named-block-nodes` show it. */
export interface NodeFacts {
  readonly drv: string
  readonly image?: ImageFacts
  readonly 'dirty-bitmaps'?: readonly BitmapFacts[]
}

/** Of a disk's own node, below any filter. Bitmaps of other programs do not count. */
export function changeTrackingOf(node: NodeFacts): ChangeTracking {
  if (hasInternalSnapshots(node.image)) return { kind: 'none', why: 'internal-snapshots' }
  const now = nowOf((node['dirty-bitmaps'] ?? []).filter(isRecord))
  const why = whyNotKept(node.drv, node.image?.['format-specific']?.data ?? {})
  return why === null ? { kind: 'persistent', now } : { kind: 'volatile', now, why }
}

function isRecord({ name = '' }: BitmapFacts): boolean {
  return parseBitmapName(name) !== null && withoutEndMark(name) === name
}

function nowOf(records: readonly BitmapFacts[]): 'on' | 'off' | 'cut-off' {
  if (records.some(({ recording, inconsistent }) => recording === true && inconsistent !== true)) return 'on'
  return records.some(({ inconsistent }) => inconsistent === true) ? 'cut-off' : 'off'
}
