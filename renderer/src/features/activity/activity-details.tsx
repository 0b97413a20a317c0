// The opened line: what it means, phases with clock times, causes, and the report.
import { type ReactElement, useState } from 'react'
import type { Activity } from '../../../../shared/domain/activity.ts'
import { formatExactTime } from '../../../../shared/format/dates.ts'
import { describeProblem } from '../../../../shared/text/problems.ts'
import { Checkbox } from '../../design/checkbox.tsx'
import { CopyButton } from '../../design/code-block.tsx'
import { useSettings } from '../../state/selectors.ts'
import styles from './activity.module.css'
import { ActivityActions } from './activity-actions.tsx'
import { reportOf } from './report.ts'

export interface ActivityDetailsProps {
  readonly line: Activity
  readonly now: Date
}

export function ActivityDetails({ line, now }: ActivityDetailsProps): ReactElement {
  const { units } = useSettings()
  const [hidePaths, setHidePaths] = useState(false)
  const { problem } = line
  const text =
    problem === null ? null : describeProblem(problem, { machine: line.subject, units, canWait: line.jobId !== null })
  const causes = problem === null ? [] : [problem.message, ...problem.causes]
  return (
    <div className={styles.details}>
      <p>{text === null ? line.text : text.body}</p>
      {problem === null || text === null ? null : <ActivityActions line={line} problem={problem} text={text} />}
      {line.timeline.length === 0 ? null : (
        <>
          <h2 className={styles.label}>Timeline</h2>
          <ol className={styles.timeline}>
            {line.timeline.map((step) => (
              <li key={`${step.at} ${step.text}`}>
                <time dateTime={step.at} title={formatExactTime(step.at, { now })}>
                  {clockOf(step.at)}
                </time>
                <span>{step.text}</span>
              </li>
            ))}
          </ol>
        </>
      )}
      {causes.length === 0 ? null : (
        <>
          <h2 className={styles.label}>Causes</h2>
          <ol className={styles.causes}>
            {[...new Set(causes)].map((cause) => (
              <li key={cause}>
                <code>{cause}</code>
              </li>
            ))}
          </ol>
        </>
      )}
      <div className={styles.report}>
        <CopyButton text={reportOf(line, hidePaths)} label="Copy Report">
          Copy Report
        </CopyButton>
        <Checkbox checked={hidePaths} onChange={setHidePaths}>
          Hide paths
        </Checkbox>
      </div>
    </div>
  )
}

/** Clock time with seconds. */
function clockOf(moment: string): string {
  return new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' }).format(new Date(moment))
}
