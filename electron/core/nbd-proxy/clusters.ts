import type { Run } from '../nbd/client.ts'

/** Bytes: a cluster of the copy-before-write filter whose scratch image has clusters of 64 KiB or smaller. */
export const cluster = 65536

export interface Piece {
  readonly offset: number
  readonly length: number
}

/** The parts of a range that lie in one cluster each. */
export function* clusterPieces(offset: number, length: number): Generator<Piece> {
  const end = offset + length
  for (let at = offset; at < end; ) {
    const next = Math.min(at - (at % cluster) + cluster, end)
    yield { offset: at, length: next - at }
    at = next
  }
}

export function clustersIn(offset: number, length: number): number {
  return length === 0 ? 0 : Math.floor((offset + length - 1) / cluster) - Math.floor(offset / cluster) + 1
}

/** Adds a run behind others; equal ones become one. */
export function addRun(runs: Run[], { length, flags }: Run): void {
  const last = runs.at(-1)
  if (last?.flags === flags) runs[runs.length - 1] = { length: last.length + length, flags }
  else runs.push({ length, flags })
}
