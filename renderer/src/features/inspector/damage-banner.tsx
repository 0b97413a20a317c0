// A point that can't be restored (ux.md S4): why, which others are affected, and the nearest good one to use instead.
import type { ReactElement } from 'react'
import type { Point } from '../../../../shared/domain/point.ts'
import { formatMoment, formatTitle } from '../../../../shared/format/dates.ts'
import {
  affectedBy,
  betterPoint,
  brokenNeed,
  brokenSentence,
  damageSentence,
  isDamaged,
} from '../../../../shared/text/point-words.ts'
import { Banner } from '../../design/banner.tsx'
import { Button } from '../../design/button.tsx'
import { usePoints } from '../../state/selectors.ts'
import { useTopic, useUiActions } from '../../state/window-state.tsx'
import type { WordStyle } from '../../state/words.ts'
import styles from './inspector.module.css'

/** More than so many affected points are counted only. */
const namedAtMost = 5

export function DamageBanner({
  point,
  style,
}: {
  readonly point: Point
  readonly style: WordStyle
}): ReactElement | null {
  const points = usePoints(point.machineId)
  const { byId } = useTopic('points')
  const ui = useUiActions()
  const broken = brokenNeed(point, byId)
  if (broken === null && !isDamaged(point)) return null
  const better = betterPoint(point, points)
  const affected = affectedBy(point, points)
  return (
    <Banner
      code="damaged"
      tone="problem"
      title={broken === null ? 'Can’t be restored' : brokenSentence(point, broken, style)}
      actions={
        better === null ? undefined : (
          <Button size="small" onPress={() => ui.selectPoints([better.id])}>
            {`Use ${formatTitle(better.createdAt, style)} Instead`}
          </Button>
        )
      }
    >
      {damageSentence(broken ?? point)}
      {affected.length === 0 ? null : (
        <p className={styles.affected} data-testid="affected">
          {affected.length === 1 ? '1 other point' : `${affected.length} other points`} can’t be restored either
          {affected.length > namedAtMost
            ? '.'
            : `: ${affected.map((other) => formatMoment(other.createdAt, style)).join(', ')}.`}
        </p>
      )}
    </Banner>
  )
}
