// One line of the activity list; it opens to its timeline, its causes and a report to copy.
import { type ReactElement, useId, useState } from 'react'
import type { Activity } from '../../../../shared/domain/activity.ts'
import { formatExactTime, formatMoment } from '../../../../shared/format/dates.ts'
import { describeProblem } from '../../../../shared/text/problems.ts'
import { Button } from '../../design/button.tsx'
import { Chip } from '../../design/chip.tsx'
import { classes } from '../../design/classes.ts'
import {
  CheckCircleIcon,
  ChevronDownIcon,
  ChevronRightIcon,
  InfoIcon,
  ProblemIcon,
  WarningIcon,
} from '../../icons/icons.tsx'
import { useSettings } from '../../state/selectors.ts'
import { useActions, useUiActions } from '../../state/window-state.tsx'
import styles from './activity.module.css'
import { ActivityDetails } from './activity-details.tsx'

const looks = {
  info: { Icon: InfoIcon, name: 'Note' },
  success: { Icon: CheckCircleIcon, name: 'Done' },
  warning: { Icon: WarningIcon, name: 'Warning' },
  problem: { Icon: ProblemIcon, name: 'Problem' },
} as const

export interface ActivityRowProps {
  readonly line: Activity
  readonly now: Date
}

export function ActivityRow({ line, now }: ActivityRowProps): ReactElement {
  const actions = useActions()
  const ui = useUiActions()
  const { units } = useSettings()
  const [open, setOpen] = useState(false)
  const detailsId = useId()
  const { Icon, name } = looks[line.level]
  const title =
    line.problem === null ? line.text : describeProblem(line.problem, { machine: line.subject, units }).title
  const { machineId } = line
  return (
    <li className={classes(styles.item, line.dismissed && styles.dismissed)} data-testid={`act-${line.id}`}>
      <div className={styles.row}>
        <button
          type="button"
          className={styles.opener}
          aria-expanded={open}
          aria-controls={detailsId}
          onClick={() => setOpen(!open)}
        >
          <span className={styles.chevron}>{open ? <ChevronDownIcon small /> : <ChevronRightIcon small />}</span>
          <time className={styles.when} dateTime={line.at} title={formatExactTime(line.at, { now })}>
            {formatMoment(line.at, { now })}
          </time>
          <span className={classes(styles.icon, styles[line.level])}>
            <Icon name={name} />
          </span>
          <bdi className={styles.subject}>{line.subject}</bdi>
          <span className={styles.text}>{title}</span>
        </button>
        {line.level === 'problem' ? (
          line.dismissed ? (
            <Chip>Dismissed</Chip>
          ) : (
            <Button
              size="small"
              label={`Dismiss: ${title}`}
              onPress={() => void actions.run('activity.dismiss', { activityId: line.id })}
            >
              Dismiss
            </Button>
          )
        ) : null}
        {line.level === 'problem' && machineId !== null ? (
          <Button size="small" label={`Show ${line.subject}`} onPress={() => ui.show({ kind: 'machine', machineId })}>
            Show
          </Button>
        ) : null}
      </div>
      <div id={detailsId} hidden={!open}>
        {open ? <ActivityDetails line={line} now={now} /> : null}
      </div>
    </li>
  )
}
