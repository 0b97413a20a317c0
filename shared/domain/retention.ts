import { z } from 'zod'
import { PointId } from './ids.ts'

const count = z.number().int().min(0).max(10_000)

/**
 * How many restore points to keep of a machine on a destination. All numbers count points: `daily: 7` keeps the newest
 * point of each of the seven most recent days that have one, so a machine that was off for weeks loses nothing.
 */
export const RetentionPolicy = z.object({
  last: count,
  daily: count,
  weekly: count,
  monthly: count,
  yearly: count,
})
export type RetentionPolicy = z.infer<typeof RetentionPolicy>

/** Which rule decided about a point. The last three hold whatever the numbers say. */
export const RetentionRule = z.enum([
  'last',
  'daily',
  'weekly',
  'monthly',
  'yearly',
  'pinned',
  'last-good',
  'last-verified',
])
export type RetentionRule = z.infer<typeof RetentionRule>

/** Why a point may not simply be deleted. */
export const PointGuard = z.enum(['pinned', 'last-good', 'last-verified'])
export type PointGuard = z.infer<typeof PointGuard>

export const RetentionPreview = z.object({
  keep: z.array(z.object({ pointId: PointId, rules: z.array(RetentionRule).min(1) })),
  remove: z.array(
    z.object({
      pointId: PointId,
      /** One sentence naming the rule that no longer holds it. */
      reason: z.string(),
      /** As in `DeletePreview`. */
      dependents: z.array(PointId),
    }),
  ),
  freedBytes: z.number().nonnegative(),
  /** As in `DeletePreview`, for all that go together. */
  movedBytes: z.number().nonnegative(),
})
export type RetentionPreview = z.infer<typeof RetentionPreview>

export const DeletePreview = z.object({
  points: z.array(
    z.object({
      pointId: PointId,
      guards: z.array(PointGuard),
      /** Later points that lie over it and are kept; its data moves into the first of them. */
      dependents: z.array(PointId),
    }),
  ),
  freedBytes: z.number().nonnegative(),
  /**
   * Bytes that have to be written first because kept points lie over removed ones: what moves into their images, and
   * those images themselves, as each is built anew beside the old one.
   */
  movedBytes: z.number().nonnegative(),
})
export type DeletePreview = z.infer<typeof DeletePreview>

/**
 * Where two points of one machine differ. Offsets and lengths in bytes of guest data, in steps of the content index; where
 * it is known what was written between the two, no more than that.
 */
export const PointDifference = z.object({
  disks: z.array(
    z.object({
      diskId: z.string(),
      change: z.enum(['same', 'changed', 'resized', 'added', 'removed']),
      bytes: z.number().nonnegative(),
      ranges: z.array(z.object({ offset: z.number().nonnegative(), length: z.number().positive() })),
    }),
  ),
})
export type PointDifference = z.infer<typeof PointDifference>
