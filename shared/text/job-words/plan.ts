// What a backup copies and why, in words (ux.md 3.3, B2, B3, G4): said before the click, on the card and in the point.
import type { Job } from '../../domain/job.ts'
import type { BackupBasis, BackupKind } from '../../domain/point.ts'
import { formatBytes, type Units } from '../../format/bytes.ts'

export interface PlanNote {
  readonly title: string
  readonly body: string
}

/** What is worth a note on a running backup's card: a full copy, or one that has to compare; null for the usual case. */
export function planNote({ plan }: Pick<Job, 'plan'>): PlanNote | null {
  if (plan === null) return null
  if (plan.kind === 'full') return { title: 'This backup is a full one.', body: plan.reason }
  if (plan.basis === 'comparison') return { title: 'Changes are found by comparing.', body: plan.reason }
  return plan.basis === 'all' ? { title: 'A disk is copied in full.', body: plan.reason } : null
}

/** Bytes to copy, and those among them at the ends of disks, which are copied whether they changed or not. */
export interface Counted {
  readonly bytesToCopy: number
  readonly endBytes: number
}

/** Has a backup that copies so many bytes in all found nothing that changed? The ends of the disks do not count. */
export function foundNothing({ plan }: Pick<Job, 'plan'>, totalBytes: number): boolean {
  return plan?.kind === 'incremental' && totalBytes <= plan.endBytes
}

export interface Planned extends Counted {
  readonly kind: BackupKind
  readonly basis: BackupBasis
  readonly kindReason: string
}

/** By bitmap: what is marked as changed, without the ends of the disks. */
export function changedBytes({ bytesToCopy, endBytes }: Counted): number {
  return Math.max(0, bytesToCopy - endBytes)
}

/** "incremental, about 9.60 GB", "full, about 39.0 GB"; by comparison it is known only how much it can be at most. */
export function plannedWords(planned: Planned, units?: Units, locale?: string): string {
  const size = formatBytes(planned.bytesToCopy, units, locale)
  if (planned.kind === 'full') return `full, about ${size}`
  if (planned.basis === 'bitmap' && changedBytes(planned) === 0) {
    const copies = planned.bytesToCopy === 0 ? '' : `, copies ${size}`
    return `incremental, nothing has changed${copies}`
  }
  return planned.basis === 'comparison' ? `incremental, at most ${size}` : `incremental, about ${size}`
}

/** Said on the button before the click: "Full, about 39.0 GB: QEMU was killed." */
export function nextBackupSentence(planned: Planned, units?: Units, locale?: string): string {
  const words = plannedWords(planned, units, locale)
  const kind = words.charAt(0).toUpperCase() + words.slice(1)
  return planned.kindReason === '' ? kind : `${kind}: ${planned.kindReason}`
}
