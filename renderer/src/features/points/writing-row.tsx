// The row of a restore point that is being written: it exists only when it is recorded.
import type { ReactElement } from 'react'
import type { Job } from '../../../../shared/domain/job.ts'
import { formatBytes } from '../../../../shared/format/bytes.ts'
import { formatTime } from '../../../../shared/format/dates.ts'
import { instantMark } from '../../../../shared/text/consistency-words.ts'
import { percentOf } from '../../../../shared/text/job-words.ts'
import type { WordStyle } from '../../state/words.ts'
import * as roles from './grid-roles.ts'
import { MarkText } from './mark-text.tsx'
import styles from './points-grid.module.css'
import { RailCell } from './rail.tsx'

export interface WritingRowProps {
  readonly job: Job
  readonly rowIndex: number
  readonly style: WordStyle
  /** Has the grid a rail? */
  readonly rail: boolean
}

export function WritingRow(props: WritingRowProps): ReactElement {
  const { job, rowIndex, style } = props
  const percent = percentOf(job)
  const mark = instantMark(job.instant)
  const paused = job.state.kind === 'paused'
  return (
    <div {...roles.row(rowIndex)} className={styles.row} data-testid={`writing-${job.id}`}>
      <RailCell part={props.rail ? { shape: 'writing', up: false, down: job.plan?.kind === 'incremental' } : null} />
      <div {...roles.cell} className={styles.taken}>
        <span className={styles.time}>{formatTime(job.startedAt ?? job.createdAt, style)}</span>
        <span className={styles.note}>now</span>
      </div>
      <div {...roles.cell} className={styles.live}>
        {paused ? (percent === null ? 'Paused' : `Paused at ${percent}\u00a0%`) : 'Writing…'}
      </div>
      <div {...roles.cell} className={styles.number}>
        {formatBytes(job.progress?.doneBytes ?? 0, style.units)}
      </div>
      <div {...roles.cell} className={styles.quiet}>
        {mark === null ? '–' : <MarkText mark={mark} />}
      </div>
      <div {...roles.cell} className={styles.quiet}>
        –
      </div>
      <div {...roles.cell} />
    </div>
  )
}
