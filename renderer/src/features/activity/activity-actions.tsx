// What can be done about a problem of the list, for as long as nobody has dismissed it (ux.md S13).
import type { ReactElement } from 'react'
import type { Activity } from '../../../../shared/domain/activity.ts'
import type { Problem } from '../../../../shared/errors/problem.ts'
import type { ProblemText } from '../../../../shared/text/problems.ts'
import { Button } from '../../design/button.tsx'
import { useBackUp } from '../../state/back-up.ts'
import { type ProblemHandlers, useProblemHandlers } from '../../state/problem-actions.ts'
import { useMachine } from '../../state/selectors.ts'
import styles from './activity.module.css'

export interface ActivityActionsProps {
  readonly line: Activity
  readonly problem: Problem
  readonly text: ProblemText
}

export function ActivityActions({ line, problem, text }: ActivityActionsProps): ReactElement | null {
  const machine = useMachine(line.machineId)
  const backUp = useBackUp(line.machineId)
  const {
    'thaw-now': thaw,
    'show-log': _,
    ...others
  } = useProblemHandlers({
    problem,
    machineId: machine?.id ?? null,
    backup: null,
  })
  const frozen = machine !== null && machine.mayBeFrozenSince !== null
  // Trying again means a backup only where a backup failed.
  const again = machine !== null && problem.code.startsWith('backup/') ? () => backUp() : undefined
  const handlers: ProblemHandlers = {
    ...others,
    ...(frozen && thaw !== undefined ? { 'thaw-now': thaw } : {}),
    ...(again === undefined ? {} : { 'try-again': again, 'back-up-again': again }),
  }
  const offered = text.actions.flatMap((action) => {
    const act = handlers[action.kind]
    return act === undefined ? [] : [{ ...action, act }]
  })
  if (line.dismissed || offered.length === 0) return null
  return (
    <div className={styles.actions}>
      {offered.map((action) => (
        <Button
          key={action.label}
          size="small"
          variant={action.primary ? 'primary' : 'default'}
          onPress={() => action.act()}
        >
          {action.label}
        </Button>
      ))}
    </div>
  )
}
