// Deleting restore points (ux.md S12): lists them, what is freed and what depends on them; Cancel is the default; each
// point worth keeping needs a tick of its own.
import { type ReactElement, useState } from 'react'
import type { PointId } from '../../../../shared/domain/ids.ts'
import type { Problem } from '../../../../shared/errors/problem.ts'
import { formatTitle } from '../../../../shared/format/dates.ts'
import { deleteCommand } from '../../../../shared/text/commands.ts'
import { dependentsSentences, guardWords, movedSentence } from '../../../../shared/text/keeping-words.ts'
import { deleteButton } from '../../../../shared/text/point-words.ts'
import { describeProblem } from '../../../../shared/text/problems.ts'
import { Banner } from '../../design/banner.tsx'
import { Button } from '../../design/button.tsx'
import { Checkbox } from '../../design/checkbox.tsx'
import { CodeBlock } from '../../design/code-block.tsx'
import { Sheet, SheetSpace } from '../../design/sheet.tsx'
import { useDeletePreview } from '../../state/delete-preview.ts'
import { useActions, useTopic, useUiActions } from '../../state/window-state.tsx'
import { useWordStyle } from '../../state/words.ts'
import styles from './delete-points.module.css'
import { DeletedPoints } from './deleted-points.tsx'

export function DeletePointsSheet({ pointIds }: { readonly pointIds: readonly PointId[] }): ReactElement | null {
  const ui = useUiActions()
  const actions = useActions()
  const style = useWordStyle()
  const { byId } = useTopic('points')
  const [accepted, setAccepted] = useState<ReadonlySet<string>>(new Set())
  const [busy, setBusy] = useState(false)
  const [commandShown, setCommandShown] = useState(false)
  const [refusal, setRefusal] = useState<Problem | null>(null)
  const points = pointIds.flatMap((id) => byId[id] ?? [])
  const ids = points.map((point) => point.id)
  const state = useDeletePreview(ids)
  const [first] = points
  if (first === undefined) return null
  const preview = state.kind === 'ready' ? state.preview : null
  const guarded = preview?.points.filter((entry) => entry.guards.length > 0) ?? []
  const open = guarded.filter((entry) => !accepted.has(entry.pointId))
  const evenProtected = guarded.map((entry) => entry.pointId)
  const sentences = [
    ...dependentsSentences(preview?.points ?? [], byId, style),
    movedSentence(preview?.movedBytes ?? 0, style.units),
  ].filter((sentence) => sentence !== null)

  const remove = async () => {
    setBusy(true)
    setRefusal(null)
    const result = await actions.ask('points.delete', { pointIds: ids, evenProtected })
    setBusy(false)
    if (!result.ok) return setRefusal(result.problem)
    ui.selectPoints([])
    ui.closeSheet()
  }

  const problem = refusal ?? (state.kind === 'refused' ? state.problem : null)
  const text = problem === null ? null : describeProblem(problem, { machine: first.machineName })
  return (
    <Sheet
      name="delete-points"
      title={points.length === 1 ? 'Delete this restore point?' : `Delete ${points.length} restore points?`}
      description={`${first.machineName} itself and its images are not touched. Deleted restore points can’t be brought back.`}
      onClose={() => ui.closeSheet()}
      footer={
        <>
          <Button onPress={() => setCommandShown(!commandShown)}>
            {commandShown ? 'Hide Command' : 'Show Command'}
          </Button>
          <SheetSpace />
          <Button onPress={() => ui.closeSheet()} variant="primary" autoFocus>
            Cancel
          </Button>
          <Button
            variant="destructive"
            busy={busy}
            disabledReason={
              preview === null
                ? state.kind === 'refused'
                  ? 'See the reason above'
                  : 'Looking what depends on it'
                : open.length === 0
                  ? null
                  : 'Tick what is worth keeping first'
            }
            onPress={() => void remove()}
            testId="delete-now"
          >
            {deleteButton(points.length, preview?.freedBytes ?? null, style.units)}
          </Button>
        </>
      }
    >
      <DeletedPoints points={points} style={style} />
      {sentences.length === 0 ? null : (
        <ul className={styles.sentences} data-testid="delete-dependents">
          {sentences.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      )}
      {guarded.map((entry) => (
        <Checkbox
          key={entry.pointId}
          checked={accepted.has(entry.pointId)}
          hint={guardWords(entry.guards) ?? ''}
          testId={`guard-${entry.pointId}`}
          onChange={(on) => {
            const next = new Set(accepted)
            if (on) next.add(entry.pointId)
            else next.delete(entry.pointId)
            setAccepted(next)
          }}
        >
          Delete {formatTitle(byId[entry.pointId]?.createdAt ?? first.createdAt, style)} all the same
        </Checkbox>
      ))}
      {text === null ? null : (
        <Banner code="delete" tone="problem" title={text.title}>
          {text.body}
        </Banner>
      )}
      {commandShown ? <CodeBlock code={deleteCommand(ids, guarded.length > 0)} label="the command" wrap /> : null}
    </Sheet>
  )
}
