// Problems that wait for a person, with the way to their details.
import type { ReactElement } from 'react'
import { describeProblem } from '../../../../shared/text/problems.ts'
import { Button } from '../../design/button.tsx'
import { List, ListRow } from '../../design/list-row.tsx'
import { ProblemIcon } from '../../icons/icons.tsx'
import { useOpenProblems, useSettings } from '../../state/selectors.ts'
import { useUiActions } from '../../state/window-state.tsx'
import styles from './overview.module.css'

const most = 4

export function NeedsYou(): ReactElement | null {
  const problems = useOpenProblems()
  const { units } = useSettings()
  const ui = useUiActions()
  if (problems.length === 0) return null
  return (
    <section aria-label="Needs you" data-testid="needs-you">
      <h2 className={styles.heading}>Needs you ({problems.length})</h2>
      <List label="Problems">
        {problems.slice(0, most).map((line) => (
          <ListRow
            key={line.id}
            icon={<ProblemIcon name="Problem" />}
            tone="problem"
            title={
              line.problem === null ? line.text : describeProblem(line.problem, { machine: line.subject, units }).title
            }
            detail={line.subject}
            trailing={
              <Button size="small" onPress={() => ui.show({ kind: 'activity' })} label={`Show: ${line.text}`}>
                Show
              </Button>
            }
          />
        ))}
      </List>
    </section>
  )
}
