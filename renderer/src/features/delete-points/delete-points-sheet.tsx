// Deleting restore points (ux.md S12): lists them and what is freed; Cancel is the default; points worth keeping need
// a tick of their own.
import { type ReactElement, useState } from 'react'
import type { PointId } from '../../../../shared/domain/ids.ts'
import type { Point } from '../../../../shared/domain/point.ts'
import type { Problem } from '../../../../shared/errors/problem.ts'
import { formatBytes } from '../../../../shared/format/bytes.ts'
import { formatTitle } from '../../../../shared/format/dates.ts'
import { deleteCommand } from '../../../../shared/text/commands.ts'
import { deleteButton, isDamaged, kindWords } from '../../../../shared/text/point-words.ts'
import { describeProblem } from '../../../../shared/text/problems.ts'
import { Banner } from '../../design/banner.tsx'
import { Button } from '../../design/button.tsx'
import { Checkbox } from '../../design/checkbox.tsx'
import { CodeBlock } from '../../design/code-block.tsx'
import { List, ListRow } from '../../design/list-row.tsx'
import { Sheet, SheetSpace } from '../../design/sheet.tsx'
import { useActions, useTopic, useUiActions } from '../../state/window-state.tsx'
import { useWordStyle } from '../../state/words.ts'

export function DeletePointsSheet({ pointIds }: { readonly pointIds: readonly PointId[] }): ReactElement | null {
  const ui = useUiActions()
  const actions = useActions()
  const style = useWordStyle()
  const byId = useTopic('points').byId
  const [accepted, setAccepted] = useState<ReadonlySet<string>>(new Set())
  const [busy, setBusy] = useState(false)
  const [commandShown, setCommandShown] = useState(false)
  const [refusal, setRefusal] = useState<Problem | null>(null)
  const points = pointIds.flatMap((id) => byId[id] ?? [])
  const [first] = points
  if (first === undefined) return null
  const keepers = points.flatMap((point) => {
    const why = worthKeeping(point, Object.values(byId), pointIds)
    return why === null ? [] : [{ point, why }]
  })
  const open = keepers.filter(({ point }) => !accepted.has(point.id))

  const remove = async () => {
    setBusy(true)
    setRefusal(null)
    const result = await actions.ask('points.delete', { pointIds: points.map((point) => point.id) })
    setBusy(false)
    if (!result.ok) return setRefusal(result.problem)
    ui.selectPoints([])
    ui.closeSheet()
  }

  const text = refusal === null ? null : describeProblem(refusal, { machine: first.machineName })
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
            disabledReason={open.length === 0 ? null : 'Tick what is worth keeping first'}
            onPress={() => void remove()}
            testId="delete-now"
          >
            {deleteButton(
              points.length,
              points.reduce((sum, point) => sum + point.bytes, 0),
              style.units,
            )}
          </Button>
        </>
      }
    >
      <List label="Restore points to delete">
        {points.map((point) => (
          <ListRow
            key={point.id}
            title={formatTitle(point.createdAt, style)}
            detail={`${kindWords(point)}${isDamaged(point) ? ', damaged' : ''}`}
            trailing={formatBytes(point.bytes, style.units)}
          />
        ))}
      </List>
      {keepers.map(({ point, why }) => (
        <Checkbox
          key={point.id}
          checked={accepted.has(point.id)}
          hint={why}
          onChange={(on) => {
            const next = new Set(accepted)
            if (on) next.add(point.id)
            else next.delete(point.id)
            setAccepted(next)
          }}
        >
          Delete {formatTitle(point.createdAt, style)} all the same
        </Checkbox>
      ))}
      {text === null ? null : (
        <Banner code="delete" tone="problem" title={text.title}>
          {text.body}
        </Banner>
      )}
      {commandShown ? (
        <CodeBlock code={deleteCommand(points.map((point) => point.id))} label="the command" wrap />
      ) : null}
    </Sheet>
  )
}

/** Why a point needs its own tick; null when it does not. */
export function worthKeeping(point: Point, all: readonly Point[], deleted: readonly string[]): string | null {
  if (point.pinned) return 'It is pinned.'
  if (isDamaged(point)) return null
  const others = all.filter((other) => other.machineId === point.machineId && !deleted.includes(other.id))
  const good = others.filter((other) => !isDamaged(other))
  const newest = all
    .filter((other) => other.machineId === point.machineId && !isDamaged(other))
    .toSorted((one, other) => other.createdAt.localeCompare(one.createdAt))[0]
  if (good.length === 0 && newest?.id === point.id) return 'It is the last good restore point of this machine.'
  const verified = (other: Point) => other.verification?.ok === true && other.verification.level === 'content'
  const lastVerified = all
    .filter((other) => other.machineId === point.machineId && verified(other))
    .toSorted((one, other) => other.createdAt.localeCompare(one.createdAt))[0]
  return lastVerified?.id === point.id ? 'It is the last one whose content was verified.' : null
}
