// Consistency is a fact of a restore point (ux.md S2, S4, 4 "Freeze"): frozen with its length, crash-consistent with
// its reason, offline. The same words for a recorded point and for a backup that is still being written.
import type { JobInstant } from '../domain/job.ts'
import type { BackupWay, Point, PointFreeze } from '../domain/point.ts'
import { formatDuration, speakDuration } from '../format/duration.ts'
import { sentences } from './problems/problem-text.ts'

export interface Mark {
  readonly text: string
  readonly tone: 'ok' | 'neutral' | 'warning' | 'problem'
  readonly icon: 'frozen' | 'crash-consistent' | 'offline' | 'verified' | 'busy' | 'problem' | 'none'
}

/** A guest that stood still for longer than this is told in amber (ux.md 4). */
const longMs = 1000

type WithConsistency = Pick<Point, 'consistency'> & { readonly freeze?: PointFreeze | null }

/** "Frozen 92 ms", "Crash-consistent", "Offline". */
export function consistencyMark({ consistency, freeze = null }: WithConsistency): Mark {
  switch (consistency) {
    case 'frozen':
      return freeze === null
        ? { text: 'Frozen', tone: 'neutral', icon: 'frozen' }
        : {
            text: `Frozen ${formatDuration(freeze.heldMs)}`,
            tone: freeze.heldMs > longMs ? 'warning' : 'neutral',
            icon: 'frozen',
          }
    case 'crash-consistent':
      return { text: 'Crash-consistent', tone: 'warning', icon: 'crash-consistent' }
    case 'offline':
      return { text: 'Offline', tone: 'neutral', icon: 'offline' }
  }
}

/** The consistency of a backup under way; null until its instant is set. */
export function instantMark(instant: JobInstant | null): Mark | null {
  return instant === null ? null : consistencyMark(instant)
}

/** "frozen 92 milliseconds" for screen readers. */
export function speakConsistency(point: WithConsistency): string {
  const { consistency, freeze = null } = point
  if (consistency === 'frozen' && freeze !== null) return `frozen ${speakDuration(freeze.heldMs)}`
  return consistencyMark(point).text.toLowerCase()
}

/** "/ (ext4), /home (xfs)"; null when the guest did not tell. */
export function fileSystemsWords(freeze: PointFreeze): string | null {
  if (freeze.fileSystems.length === 0) return null
  return freeze.fileSystems
    .map(({ mountpoint, type }) => (type === '' ? mountpoint : `${mountpoint} (${type})`))
    .join(', ')
}

/** "only /data (ext4)" when other file systems of the guest were not frozen; null otherwise. */
export function partialWords(freeze: PointFreeze): string | null {
  if (freeze.partial !== true) return null
  return `only ${fileSystemsWords(freeze) ?? 'some of its file systems'}`
}

function cleanSentence(freeze: PointFreeze | null): string {
  if (freeze?.partial !== true) return 'The guest’s file systems were clean at this instant.'
  const names = fileSystemsWords(freeze)
  return sentences(
    names === null
      ? 'Some of the guest’s file systems were clean at this instant; it did not tell which.'
      : `Clean at this instant: ${names}.`,
    'Others were not frozen; for them this is like after a power cut.',
  )
}

const likePowerCut = 'Like after a power cut: the guest repairs its journal on first boot.'

/** What a point is worth, and why. */
export function worthSentence({
  consistency,
  consistencyReason,
  freeze = null,
}: WithConsistency & Pick<Point, 'consistencyReason'>): string {
  switch (consistency) {
    case 'frozen':
      return cleanSentence(freeze)
    case 'crash-consistent':
      // Points of earlier versions say it in their reason.
      return consistencyReason?.includes('power cut') ? consistencyReason : sentences(consistencyReason, likePowerCut)
    case 'offline':
      return consistencyReason ?? 'The machine was off, so nothing was being written.'
  }
}

/** What stands behind the word, for a tooltip; null when there is nothing more to say. */
export function consistencyHint(point: WithConsistency & Pick<Point, 'consistencyReason'>): string | null {
  const { freeze = null } = point
  if (point.consistency !== 'frozen') return worthSentence(point)
  if (freeze === null) return null
  const names = fileSystemsWords(freeze)
  return sentences(
    names === null ? null : `Frozen in the guest: ${names}.`,
    freeze.partial === true ? 'Others were not frozen.' : null,
    `Confirmed after ${formatDuration(freeze.confirmedAfterMs)}.`,
  )
}

const ways: Readonly<Record<BackupWay, string>> = {
  fleecing: 'Copied through a scratch image, so that the guest never waited for the destination.',
  push: 'Copied straight to the destination.',
  offline: 'Copied from the images.',
}

/** How the disks of a point were read. */
export function wayWords(way: BackupWay): string {
  return ways[way]
}

/** "9 frozen, 1 crash-consistent" for several points. */
export function consistencyCounts(points: readonly Pick<Point, 'consistency'>[]): string {
  const kinds = ['frozen', 'offline', 'crash-consistent'] as const
  return kinds
    .map((kind) => ({ kind, count: points.filter((point) => point.consistency === kind).length }))
    .filter(({ count }) => count > 0)
    .map(({ kind, count }) => `${count} ${kind}`)
    .join(', ')
}
