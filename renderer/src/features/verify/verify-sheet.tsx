// Verify (ux.md S9): read everything back and compare, or look at the image's structure. Runs in the background; the
// result shows on the card, in the row and in the inspector.
import { type ReactElement, useState } from 'react'
import type { PointId } from '../../../../shared/domain/ids.ts'
import type { Point } from '../../../../shared/domain/point.ts'
import type { Problem } from '../../../../shared/errors/problem.ts'
import { formatBytes } from '../../../../shared/format/bytes.ts'
import { formatTitle } from '../../../../shared/format/dates.ts'
import { etaWords } from '../../../../shared/format/duration.ts'
import { verifyCommand } from '../../../../shared/text/commands.ts'
import { describeProblem } from '../../../../shared/text/problems.ts'
import { Banner } from '../../design/banner.tsx'
import { Button } from '../../design/button.tsx'
import { CodeBlock } from '../../design/code-block.tsx'
import { RadioGroup } from '../../design/radio-group.tsx'
import { Sheet, SheetSpace } from '../../design/sheet.tsx'
import { useActions, useTopic, useUiActions } from '../../state/window-state.tsx'
import { useWordStyle } from '../../state/words.ts'

type Level = 'content' | 'structure'

/** Bytes per second assumed for reading and hashing, when nothing was measured yet. */
const guess = 200_000_000

export function VerifySheet({ pointIds }: { readonly pointIds: readonly PointId[] }): ReactElement | null {
  const ui = useUiActions()
  const actions = useActions()
  const style = useWordStyle()
  const byId = useTopic('points').byId
  const points = pointIds.flatMap((id) => byId[id] ?? [])
  const indexed = points.length > 0 && points.every((point) => point.index.kind === 'complete')
  const [level, setLevel] = useState<Level>(indexed ? 'content' : 'structure')
  const [busy, setBusy] = useState(false)
  const [commandShown, setCommandShown] = useState(false)
  const [refusal, setRefusal] = useState<Problem | null>(null)
  const [first] = points
  if (first === undefined) return null
  const bytes = points.reduce((sum, point) => sum + bytesToRead(point, byId), 0)

  const start = async () => {
    setBusy(true)
    setRefusal(null)
    for (const point of points) {
      const result = await actions.ask('points.verify', { pointId: point.id, level })
      if (!result.ok) {
        setBusy(false)
        return setRefusal(result.problem)
      }
    }
    ui.closeSheet()
  }

  const text = refusal === null ? null : describeProblem(refusal, { machine: first.machineName })
  return (
    <Sheet
      name="verify"
      title={
        points.length === 1
          ? `Verify ${formatTitle(first.createdAt, style)} of ${first.machineName}`
          : `Verify ${points.length} restore points of ${first.machineName}`
      }
      onClose={() => ui.closeSheet()}
      footer={
        <>
          <Button onPress={() => setCommandShown(!commandShown)}>
            {commandShown ? 'Hide Command' : 'Show Command'}
          </Button>
          <SheetSpace />
          <Button onPress={() => ui.closeSheet()}>Cancel</Button>
          <Button variant="primary" busy={busy} onPress={() => void start()} testId="verify-now">
            Verify
          </Button>
        </>
      }
    >
      <RadioGroup<Level>
        label="What to verify"
        hideLabel
        autoFocus
        value={level}
        onChange={setLevel}
        choices={[
          {
            value: 'content',
            label: 'Checksums',
            hint: indexed
              ? `Reads ${formatBytes(bytes, style.units)} (${etaWords(bytes / guess)}) and compares every byte with its checksum.`
              : 'Not possible: a selected point has no checksums, because its check was skipped or is not done.',
            disabled: !indexed,
          },
          {
            value: 'structure',
            label: 'Image structure',
            hint: 'qemu-img check: quick, finds a broken image but no flipped bytes in the data.',
          },
        ]}
      />
      {text === null ? null : (
        <Banner code="verify" tone="problem" title={text.title}>
          {text.body}
        </Banner>
      )}
      {commandShown ? (
        <CodeBlock code={points.map((point) => verifyCommand(point.id, level)).join('\n')} label="the command" wrap />
      ) : null}
    </Sheet>
  )
}

/** About what reading a point's whole content costs: its own images and those that they lie over. */
function bytesToRead(point: Point, byId: Readonly<Record<string, Point>>): number {
  const points = [point, ...point.needs.flatMap((id) => byId[id] ?? [])]
  return points.reduce((sum, one) => sum + one.disks.reduce((total, disk) => total + disk.fileSize, 0), 0)
}
