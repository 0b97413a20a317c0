// The last question before points go (ux.md S12): which ones and why, what is freed, what has to be moved first. Cancel is
// the default. What it removes is exactly what the preview shows, or nothing.
import { type ReactElement, useState } from 'react'
import type { Destination } from '../../../../shared/domain/destination.ts'
import type { Machine } from '../../../../shared/domain/machine.ts'
import type { RetentionPolicy, RetentionPreview } from '../../../../shared/domain/retention.ts'
import type { Problem } from '../../../../shared/errors/problem.ts'
import { formatBytes } from '../../../../shared/format/bytes.ts'
import { formatTitle } from '../../../../shared/format/dates.ts'
import { dependentsSentences, movedSentence } from '../../../../shared/text/keeping-words.ts'
import { deleteButton } from '../../../../shared/text/point-words.ts'
import { Button } from '../../design/button.tsx'
import { List, ListRow } from '../../design/list-row.tsx'
import { Sheet } from '../../design/sheet.tsx'
import { useActions, useTopic, useUiActions } from '../../state/window-state.tsx'
import type { WordStyle } from '../../state/words.ts'
import styles from './retention.module.css'

export interface PruneAlertProps {
  readonly machine: Machine
  readonly destination: Destination
  readonly policy: RetentionPolicy
  readonly preview: RetentionPreview
  readonly style: WordStyle
  readonly onClose: () => void
  readonly onRefused: (problem: Problem) => void
}

export function PruneAlert(props: PruneAlertProps): ReactElement {
  const { machine, destination, policy, preview, style } = props
  const actions = useActions()
  const ui = useUiActions()
  const { byId } = useTopic('points')
  const [busy, setBusy] = useState(false)
  const count = preview.remove.length
  const freed = formatBytes(preview.freedBytes, style.units)
  const sentences = [
    ...dependentsSentences(preview.remove, byId, style),
    ...[movedSentence(preview.movedBytes, style.units)].filter((sentence) => sentence !== null),
  ]
  const prune = async () => {
    setBusy(true)
    const expected = preview.remove.map((one) => one.pointId)
    const input = { machineId: machine.id, destinationId: destination.id, policy, expected }
    const result = await actions.ask('points.prune', input)
    setBusy(false)
    if (!result.ok) return props.onRefused(result.problem)
    ui.selectPoints([])
    ui.closeSheet()
  }
  return (
    <Sheet
      name="prune"
      role="alertdialog"
      width={520}
      title={`Remove ${count === 1 ? '1 restore point' : `${count} restore points`} of ${machine.name}?`}
      description={`${preview.keep.length} stay on ${destination.name}; ${freed} becomes free. Removed restore points can’t be brought back.`}
      onClose={props.onClose}
      footer={
        <>
          <Button onPress={props.onClose} variant="primary" autoFocus>
            Cancel
          </Button>
          <Button onPress={() => void prune()} busy={busy} variant="destructive" testId="prune-now">
            {deleteButton(count, preview.freedBytes, style.units)}
          </Button>
        </>
      }
    >
      <div className={styles.going} data-testid="prune-going">
        <List label="Restore points to remove">
          {preview.remove.map(({ pointId, reason }) => {
            const point = byId[pointId]
            return (
              <ListRow
                key={pointId}
                title={point === undefined ? pointId : formatTitle(point.createdAt, style)}
                detail={reason}
                trailing={
                  point === undefined ? null : (
                    <span title="Takes up on its destination">{formatBytes(point.bytes, style.units)}</span>
                  )
                }
              />
            )
          })}
        </List>
      </div>
      {sentences.length === 0 ? null : (
        <ul className={styles.moves} data-testid="prune-moves">
          {sentences.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      )}
    </Sheet>
  )
}
