import type { Point } from '../../../shared/domain/point.ts'
import { formatBytes } from '../../../shared/format/bytes.ts'
import type { BackupPlan } from './plan.ts'

/** G4 (ux.md 3.3): disks whose size differs from the newest point that has them, as a note; null when none does. Pure. */
export function resizedNote(plan: Pick<BackupPlan, 'disks'>, points: readonly Point[]): string | null {
  const newestFirst = [...points].sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1))
  const notes = plan.disks.flatMap((disk) => {
    const before = newestFirst.flatMap((point) => point.disks).find(({ id }) => id === disk.id)
    if (!before || before.virtualSize === disk.virtualSize) return []
    const [old, now] = [before.virtualSize, disk.virtualSize].map((size) => formatBytes(size))
    return [`${disk.id} changed size: it was ${old}, now ${now}, so it is copied in full once.`]
  })
  return notes.length === 0 ? null : notes.join(' ')
}
