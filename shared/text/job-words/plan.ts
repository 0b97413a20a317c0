// What a backup copies and why, in words (ux.md 3.3, B2, B3, G4): said before the click, on the card and in the point.
import type { Job } from '../../domain/job.ts'

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
