// What stays and what goes, one dot for each restore point, newest first, a gap between days. The rule behind a dot is
// told on hover and on focus; the dots are one tab stop, arrow keys move between them.
import { type KeyboardEvent, type ReactElement, useState } from 'react'
import type { Point } from '../../../../shared/domain/point.ts'
import type { RetentionPreview } from '../../../../shared/domain/retention.ts'
import { dayKey, formatMoment } from '../../../../shared/format/dates.ts'
import { keptWords, pruneSummary } from '../../../../shared/text/keeping-words.ts'
import { classes } from '../../design/classes.ts'
import type { WordStyle } from '../../state/words.ts'
import styles from './retention.module.css'
import type { PrunePreviewState } from './use-prune-preview.ts'

export interface PrunePreviewProps {
  readonly state: PrunePreviewState
  /** Those of the destination, newest first. */
  readonly points: readonly Point[]
  readonly style: WordStyle
}

export function PrunePreview({ state, points, style }: PrunePreviewProps): ReactElement {
  if (points.length === 0) return <p className={styles.summary}>No restore point is there yet.</p>
  if (state.kind === 'refused') return <p className={styles.summary}>What goes is not known now.</p>
  const preview = state.kind === 'ready' ? state.preview : null
  return (
    <div className={styles.preview} data-testid="prune-preview">
      <Dots points={points} preview={preview} style={style} />
      <p className={styles.summary} role="status" data-testid="prune-summary">
        {preview === null ? 'Counting…' : pruneSummary(preview, style.units)}
      </p>
    </div>
  )
}

interface DotsProps {
  readonly points: readonly Point[]
  readonly preview: RetentionPreview | null
  readonly style: WordStyle
}

function Dots({ points, preview, style }: DotsProps): ReactElement {
  const [active, setActive] = useState(0)
  const [told, setTold] = useState<string | null>(null)
  const kept = new Map(preview?.keep.map((one) => [one.pointId, keptWords(one.rules)]))
  const gone = new Map(preview?.remove.map((one) => [one.pointId, one.reason]))
  const wordsOf = (point: Point) => {
    const gist = gone.has(point.id) ? `Goes: ${gone.get(point.id)}` : (kept.get(point.id) ?? 'Not decided')
    return `${formatMoment(point.createdAt, style)}. ${gist}`
  }
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, Home: -points.length, End: points.length }[event.key]
    if (step === undefined) return
    event.preventDefault()
    const next = Math.min(points.length - 1, Math.max(0, active + step))
    setActive(next)
    event.currentTarget.querySelectorAll<HTMLElement>('button')[next]?.focus()
  }
  const point = points.find((one) => one.id === told)
  return (
    <>
      <div className={styles.dots} role="toolbar" aria-label="Restore points, newest first" onKeyDown={onKeyDown}>
        {points.map((one, index) => {
          const before = points[index - 1]
          const newDay = before !== undefined && dayKey(before.createdAt, style) !== dayKey(one.createdAt, style)
          return (
            <button
              key={one.id}
              type="button"
              tabIndex={index === active ? 0 : -1}
              aria-label={wordsOf(one)}
              data-testid={`dot-${one.id}`}
              data-fate={gone.has(one.id) ? 'goes' : 'kept'}
              className={classes(styles.dot, newDay && styles.newDay)}
              onMouseEnter={() => setTold(one.id)}
              onFocus={() => {
                setActive(index)
                setTold(one.id)
              }}
            >
              <span className={classes(styles.mark, styles[gone.has(one.id) ? 'goes' : 'kept'])} />
            </button>
          )
        })}
      </div>
      <p className={styles.rule} data-testid="prune-rule">
        {point === undefined || preview === null ? 'Point at a dot for its rule.' : wordsOf(point)}
      </p>
    </>
  )
}
