// What the backup costs the guest, and where the guest's old data waits meanwhile; why so on request.
import { type ReactElement, useState } from 'react'
import type { Job } from '../../../../shared/domain/job.ts'
import type { Units } from '../../../../shared/format/bytes.ts'
import { impactWords, wayNote } from '../../../../shared/text/job-words.ts'
import { Button } from '../../design/button.tsx'
import styles from './job-card.module.css'

export function GuestNotes({ job, units }: { readonly job: Job; readonly units: Units }): ReactElement | null {
  const [open, setOpen] = useState(false)
  const impact = impactWords(job.impact)
  const note = wayNote(job, units)
  const reason = job.way?.reason ?? null
  if (impact === null && note === null) return null
  return (
    <div className={styles.notes} data-testid="guest-notes">
      {impact === null ? null : (
        <span data-testid="guest-impact" className={job.impact?.slowed ? styles.slowed : undefined}>
          {impact}
        </span>
      )}
      {note === null ? null : (
        <span title={reason ?? undefined}>
          {note}{' '}
          {reason === null ? null : (
            <Button variant="plain" size="small" onPress={() => setOpen(!open)}>
              {open ? 'Hide Why' : 'Why?'}
            </Button>
          )}
        </span>
      )}
      {open && reason !== null ? <p className={styles.reason}>{reason}</p> : null}
    </div>
  )
}
