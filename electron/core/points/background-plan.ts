// Which restore point is read back next while nobody asks for it, and when: pure. The budget grows evenly, so many bytes
// a day, and is spent by reading. What is not used carries over for one day; a point that is larger than that waits until
// the budget has grown to its size, and nobody overtakes it, so that big ones get their turn.
import { z } from 'zod'
import type { PointId } from '../../../shared/domain/ids.ts'
import type { Point } from '../../../shared/domain/point.ts'

export const VerifyLedger = z.object({
  /** Bytes that may be read at `at`; below zero after a point turned out to be larger than it was thought to be. */
  budget: z.number(),
  at: z.iso.datetime(),
  /** Points that are left alone until then, because somebody cancelled their check or it could not be made. */
  notBefore: z.record(z.string(), z.iso.datetime()),
})
export type VerifyLedger = z.infer<typeof VerifyLedger>

const day = 24 * 3600_000
/** A point that was read back is left alone for a week. */
const rest = 7 * day

/** A ledger of somebody who just allowed it: one day's budget is there. */
export function newLedger(now: Date, perDay: number): VerifyLedger {
  return { budget: perDay, at: now.toISOString(), notBefore: {} }
}

/** Bytes that reading a point back takes, at most: what its images and those they lie over hold, never more than the disk. */
export function bytesToRead(point: Point, byId: ReadonlyMap<PointId, Point>): number {
  const below = point.needs.flatMap((id) => byId.get(id)?.disks ?? [])
  return point.disks.reduce((sum, disk) => {
    const lower = below.filter(({ id }) => id === disk.id).reduce((bytes, { fileSize }) => bytes + fileSize, 0)
    return sum + Math.min(disk.virtualSize, disk.fileSize + lower)
  }, 0)
}

/** When a point's bytes were last known to be right. */
const lastKnownGood = ({ verification, createdAt }: Point): number =>
  Date.parse(verification !== null && verification.level !== 'structure' ? verification.at : createdAt)

const wasRead = ({ verification }: Point): boolean => verification !== null && verification.level !== 'structure'

/** Points that reading back tells something about, the one that was left alone longest first. */
function candidates(points: readonly Point[], ledger: VerifyLedger, now: Date): readonly Point[] {
  return points
    .filter((point) => {
      if (!point.available || point.unreadable !== null || point.verification?.ok === false) return false
      if (point.index.kind !== 'complete') return false
      if (wasRead(point) && now.getTime() - lastKnownGood(point) < rest) return false
      const until = ledger.notBefore[point.id]
      return until === undefined || Date.parse(until) <= now.getTime()
    })
    .sort((a, b) => lastKnownGood(a) - lastKnownGood(b) || (a.id < b.id ? -1 : 1))
}

/** The budget as it has grown until now; a clock that was set back makes nothing of it. `needed`: what the next point takes. */
export function grown(ledger: VerifyLedger, now: Date, perDay: number, needed: number): VerifyLedger {
  const passed = Math.max(0, now.getTime() - Date.parse(ledger.at))
  const budget = Math.min(Math.max(2 * perDay, needed), ledger.budget + (perDay * passed) / day)
  return { ...ledger, budget, at: now.toISOString() }
}

export type NextCheck =
  | { readonly kind: 'begin'; readonly point: Point; readonly bytes: number; readonly ledger: VerifyLedger }
  /** `forMs`: until the budget has grown to the point's size. */
  | { readonly kind: 'wait'; readonly point: Point; readonly forMs: number; readonly ledger: VerifyLedger }
  | { readonly kind: 'none'; readonly ledger: VerifyLedger }

/**
 * The point to read back next. `points`: all that are there, those of busy destinations too; `isFree` tells whether a
 * point's destination may be read from now. The one whose turn it is on a busy destination does not hold up the others.
 */
export function nextToVerify(
  points: readonly Point[],
  ledger: VerifyLedger,
  now: Date,
  perDay: number,
  isFree: (point: Point) => boolean = () => true,
): NextCheck {
  const byId = new Map(points.map((point) => [point.id, point]))
  const line = candidates(points, ledger, now)
  // The budget grows to what the first in line takes, also while its destination is busy.
  const [first] = line
  const present = grown(ledger, now, perDay, first === undefined ? 0 : bytesToRead(first, byId))
  const point = line.find(isFree)
  if (point === undefined) return { kind: 'none', ledger: present }
  const bytes = bytesToRead(point, byId)
  if (present.budget >= bytes) return { kind: 'begin', point, bytes, ledger: present }
  return { kind: 'wait', point, forMs: Math.ceil(((bytes - present.budget) / perDay) * day), ledger: present }
}

/** The ledger without what is over. */
export function tidied(ledger: VerifyLedger, points: readonly Point[], now: Date): VerifyLedger {
  const known = new Set<string>(points.map(({ id }) => id))
  const kept = Object.entries(ledger.notBefore).filter(
    ([id, until]) => known.has(id) && Date.parse(until) > now.getTime(),
  )
  return { ...ledger, notBefore: Object.fromEntries(kept) }
}
