import type { Activity } from '../../../shared/domain/activity.ts'

/** The log that people read. Kept in the home folder, newest first, for a year. */
export interface ActivityLog {
  add(entry: Omit<Activity, 'id' | 'at' | 'dismissed'>): void
  dismiss(id: string): void
  list(): readonly Activity[]
}
