// What a backup costs its guest and where the guest's old data waits, in words (ux.md S3).
import type { GuestImpact, Job } from '../../domain/job.ts'
import { formatBytes, type Units } from '../../format/bytes.ts'

/** "2.7 ms", "0.4 ms", "120 ms": latencies keep a digit where it tells something. */
export function latency(milliseconds: number): string {
  return `${milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)}\u00a0ms`
}

/** "Guest writes 2.7 ms, 1.9 ms before", "· slowed down for the guest"; null while nothing is known. */
export function impactWords(impact: GuestImpact | null): string | null {
  if (impact === null) return null
  const before = impact.idleMs === null ? '' : `, ${latency(impact.idleMs)} before`
  const writes = impact.writeMs === null ? null : `Guest writes ${latency(impact.writeMs)}${before}`
  if (!impact.slowed) return writes
  return writes === null ? 'Slowed down for the guest' : `${writes} · slowed down for the guest`
}

/** Where the guest's old data waits, or how else the disks are read; null until it is planned. */
export function wayNote(job: Pick<Job, 'way' | 'scratch'>, units?: Units, locale?: string): string | null {
  if (job.scratch !== null) {
    const used = formatBytes(job.scratch.usedBytes, units, locale)
    return `The guest’s old data waits in a scratch image: ${used} of ${formatBytes(job.scratch.limitBytes, units, locale)}`
  }
  switch (job.way?.way) {
    case 'fleecing':
      return 'The guest’s old data waits in a scratch image'
    case 'push':
      return 'Copied straight to the destination, without a scratch image'
    case 'offline':
      return 'Read from the images while the machine is off'
    default:
      return null
  }
}
