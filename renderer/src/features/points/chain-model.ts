// Restore points as chains: which ones lie over each other, where one starts again, what the rail beside a row shows.
// Points on a destination that clones stand alone and have no rail (ux.md 4, "Chains shown honestly"). Pure.
import type { Point } from '../../../../shared/domain/point.ts'
import { isDamaged } from '../../../../shared/text/point-words.ts'

/** Points over one first point, newest first; a point that nothing lies over is a chain of one. */
export interface Chain {
  /** The id of its first point. */
  readonly id: string
  readonly points: readonly Point[]
  /** False for a point that stands alone whatever comes after it. */
  readonly linked: boolean
  /** A newer chain was started on the same destination. */
  readonly earlier: boolean
}

/** What the rail beside a row shows; the lines lead to the rows above and below. */
export interface RailPart {
  readonly shape: 'full' | 'incremental' | 'damaged'
  readonly up: boolean
  readonly down: boolean
}

/** Is there anything that a rail could show? */
export function hasChains(points: readonly Point[]): boolean {
  return points.some((point) => point.storage === 'chain' && point.needs.length > 0)
}

/** Every point once. `points` come newest first, and so do the chains. */
export function chainsOf(points: readonly Point[]): readonly Chain[] {
  const groups = new Map<string, Point[]>()
  for (const point of points) {
    const first = point.storage === 'chain' ? (point.needs.at(-1) ?? point.id) : point.id
    const group = groups.get(first)
    if (group === undefined) groups.set(first, [point])
    else group.push(point)
  }
  const current = new Set<string>()
  return [...groups].map(([id, members]) => {
    const linked = members[0]?.storage === 'chain'
    const place = members[0]?.destinationId ?? ''
    const earlier = linked && current.has(place)
    if (linked) current.add(place)
    return { id, points: members, linked, earlier }
  })
}

/** Why the chain was started anew, as a sentence for the gap under it. */
export function gapSentence(chain: Chain): string {
  const reason = chain.points.at(-1)?.kindReason ?? ''
  return reason === '' ? 'The chain starts again above.' : `The chain starts again above: ${reason}`
}

/** The shape of a point on the rail; null where it has none. */
export function shapeOf(point: Point): RailPart['shape'] | null {
  if (point.storage !== 'chain') return null
  const foundElsewhere = point.verification?.foundIn != null && point.verification.foundIn !== point.id
  if (isDamaged(point) && !foundElsewhere) return 'damaged'
  return point.kind === 'full' || point.needs.length === 0 ? 'full' : 'incremental'
}

export function railOf(point: Point, index: number, chain: Chain): RailPart | null {
  const shape = shapeOf(point)
  return shape === null ? null : { shape, up: index > 0, down: index < chain.points.length - 1 }
}
