// What a point needs to be restored, nearest first, with a rail as in the list; and what builds on it (ux.md S4).
import type { ReactElement } from 'react'
import { Button as AriaButton } from 'react-aria-components'
import type { Point } from '../../../../shared/domain/point.ts'
import { formatBytes } from '../../../../shared/format/bytes.ts'
import { formatMoment } from '../../../../shared/format/dates.ts'
import { isDamaged } from '../../../../shared/text/point-words.ts'
import { classes } from '../../design/classes.ts'
import { Group } from '../../design/key-value-group.tsx'
import { usePoints } from '../../state/selectors.ts'
import { useTopic, useUiActions } from '../../state/window-state.tsx'
import styles from './needs.module.css'
import type { PointPartProps } from './point-kind.tsx'

export function PointNeeds({ point, style }: PointPartProps): ReactElement {
  const ui = useUiActions()
  const { byId } = useTopic('points')
  const newer = usePoints(point.machineId).filter((other) => other.needs.includes(point.id)).length
  const count = point.needs.length
  return (
    <div data-testid="point-needs">
      <Group label={count === 0 ? 'Needs' : `Needs ${count} other ${count === 1 ? 'restore point' : 'restore points'}`}>
        {count === 0 ? (
          <p className={styles.alone}>Nothing else: it stands alone.</p>
        ) : (
          <ol className={styles.list}>
            <NeedRow point={point} own style={style} last={false} />
            {point.needs.map((id, index) => {
              const need = byId[id]
              const last = index === count - 1
              return need === undefined ? (
                <li key={id} className={styles.row}>
                  <Rail shape="damaged" up down={!last} />
                  <span className={styles.missing}>A point that isn’t in the list</span>
                </li>
              ) : (
                <NeedRow key={id} point={need} style={style} last={last} onPress={() => ui.selectPoints([need.id])} />
              )
            })}
          </ol>
        )}
      </Group>
      {newer === 0 ? null : (
        <p className={styles.note}>
          {newer === 1 ? '1 newer point builds' : `${newer} newer points build`} on this one.
          {isDamaged(point) ? null : ' Deleting it moves its data into the next point, so nothing else is lost.'}
        </p>
      )}
    </div>
  )
}

interface NeedRowProps extends PointPartProps {
  readonly own?: boolean
  readonly last: boolean
  readonly onPress?: () => void
}

function NeedRow({ point, style, own = false, last, onPress }: NeedRowProps): ReactElement {
  const shape = isDamaged(point) ? 'damaged' : point.kind
  const when = formatMoment(point.createdAt, style)
  const name = `${when}${own ? ' (this one)' : ''}${point.kind === 'full' ? ', full' : ''}${isDamaged(point) && !own ? ', damaged' : ''}`
  return (
    <li className={classes(styles.row, own && styles.own)}>
      <Rail shape={shape} up={!own} down={!last} />
      {onPress === undefined ? (
        <span className={styles.name}>{name}</span>
      ) : (
        <AriaButton className={styles.name ?? ''} onPress={onPress}>
          {name}
        </AriaButton>
      )}
      <span className={styles.size}>{formatBytes(point.adds, style.units)}</span>
    </li>
  )
}

interface RailProps {
  readonly shape: Point['kind'] | 'damaged'
  readonly up: boolean
  readonly down: boolean
}

function Rail({ shape, up, down }: RailProps): ReactElement {
  return (
    <span className={styles.rail} aria-hidden="true">
      {up ? <i className={styles.up} /> : null}
      {down ? <i className={styles.down} /> : null}
      <span className={styles[shape]} />
    </span>
  )
}
