// The guest comes first: slows a copy down while the guest's writes take much longer than it is used to, and lets it go
// again step by step. Pure; whoever looks at the guest carries the speed out. It never goes above the person's limit.
import type { WriteLatency } from './guest-stats.ts'

/** What the governor remembers. Speeds in bytes per second, for all disks of a backup together. */
export interface Governor {
  /** Null: nothing is held back. */
  readonly speed: number | null
  /** Looks in a row without suffering. */
  readonly calm: number
  /** Looks in a row that told nothing. */
  readonly silent: number
  /** Looks in a row at the lowest speed with suffering all the same. */
  readonly inVain: number
  /** What counts as usual since slowing down did not help; null parts: as before the backup. */
  readonly usual: WriteLatency
}

/** One look at the guest and the copy. */
export interface GovernorLook {
  /** What the guest's writes took since the last look; null parts: too few to judge. */
  readonly latency: WriteLatency
  /** What they took before the backup; null parts: unknown. */
  readonly idle: WriteLatency
  /** What was copied since the last look. */
  readonly bytesPerSecond: number
  /** The person's limit. */
  readonly limit: number | null
}

export const ungoverned: Governor = {
  speed: null,
  calm: 0,
  silent: 0,
  inVain: 0,
  usual: { writeMs: null, flushMs: null },
}

const mebibyte = 1 << 20
/** Below this a backup would hardly end. */
export const lowestSpeed = mebibyte
/** Nobody notices a hold above this, unless the copy is faster still. */
const freeAbove = 256 * mebibyte
const freeAnyway = 8192 * mebibyte
const worse = 3
/** Milliseconds that nobody minds, however fast the drive is. A flush goes to the drive itself. */
const harmless = { writeMs: 20, flushMs: 60 }
/** What counts as suffering when nothing is known of the time before. */
const harmlessUnknown = { writeMs: 60, flushMs: 180 }
const calmLooks = 2
const looksInVain = 5
/** A guest of which nothing is heard may write nothing, or wait for a write that takes very long. */
const silentLooks = 15
const step = 1.5

function isWorse(part: keyof WriteLatency, { latency, idle }: GovernorLook, usual: WriteLatency): boolean {
  const now = latency[part]
  const before = usual[part] ?? idle[part]
  if (now === null) return false
  return now > (before === null ? harmlessUnknown[part] : Math.max(worse * before, harmless[part]))
}

/** Do the guest's writes or flushes take much longer than it is used to? Without enough of them: no. */
export function suffers(look: GovernorLook, usual: WriteLatency = ungoverned.usual): boolean {
  return isWorse('writeMs', look, usual) || isWorse('flushMs', look, usual)
}

/** What the copy may do: the lower of the person's limit and the governor's. */
export function allowedSpeed(governor: Governor, limit: number | null): number | null {
  if (governor.speed === null) return limit
  return limit === null ? governor.speed : Math.min(limit, governor.speed)
}

const floorFor = (limit: number | null): number => (limit === null ? lowestSpeed : Math.min(limit, lowestSpeed))

export function govern(before: Governor, look: GovernorLook): Governor {
  const floor = floorFor(look.limit)
  const governor = before.speed === null ? before : { ...before, speed: Math.max(before.speed, floor) }
  const { writeMs, flushMs } = look.latency
  if (writeMs === null && flushMs === null && governor.silent < silentLooks) {
    return { ...governor, silent: governor.silent + 1 }
  }
  const heard = writeMs === null && flushMs === null ? governor : { ...governor, silent: 0 }
  return suffers(look, heard.usual) ? slower(heard, look, floor) : faster(heard, look)
}

function slower(governor: Governor, look: GovernorLook, floor: number): Governor {
  const allowed = allowedSpeed(governor, look.limit) ?? Number.POSITIVE_INFINITY
  const speed = Math.max(floor, Math.floor(Math.min(allowed, look.bytesPerSecond) / 2))
  const inVain = governor.speed !== null && governor.speed <= floor ? governor.inVain + 1 : 0
  if (inVain < looksInVain) return { ...governor, speed, calm: 0, inVain }
  // With next to nothing left of the copy it is not what the guest suffers from: its own load, or another's.
  return { speed, calm: 0, silent: 0, inVain: 0, usual: higher(governor.usual, look.latency) }
}

function higher(a: WriteLatency, b: WriteLatency): WriteLatency {
  const most = (x: number | null, y: number | null) => (x === null || y === null ? (x ?? y) : Math.max(x, y))
  return { writeMs: most(a.writeMs, b.writeMs), flushMs: most(a.flushMs, b.flushMs) }
}

function faster(governor: Governor, { limit, bytesPerSecond }: GovernorLook): Governor {
  if (governor.speed === null) return { ...governor, calm: 0, inVain: 0 }
  const calm = governor.calm + 1
  if (calm < calmLooks) return { ...governor, calm, inVain: 0 }
  const speed = Math.ceil(governor.speed * step)
  const free =
    limit === null
      ? speed >= freeAnyway || (speed >= freeAbove && speed >= 2 * bytesPerSecond)
      : speed >= limit || speed >= freeAnyway
  return { ...governor, speed: free ? null : speed, calm: 0, inVain: 0 }
}
