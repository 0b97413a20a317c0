// Kind, how Floe knew what to copy, why, and what it cost. What a point adds is never mixed with what it restores.
import type { ReactElement } from 'react'
import type { Point } from '../../../../shared/domain/point.ts'
import { formatBytes, formatExactBytes } from '../../../../shared/format/bytes.ts'
import { basisWords, kindWords } from '../../../../shared/text/point-words.ts'
import { Group } from '../../design/key-value-group.tsx'
import type { WordStyle } from '../../state/words.ts'
import styles from './inspector.module.css'

export interface PointPartProps {
  readonly point: Point
  readonly style: WordStyle
}

export function PointKind({ point, style }: PointPartProps): ReactElement {
  return (
    <Group label="Kind">
      <div className={styles.block} data-testid="point-kind">
        <div className={styles.headline}>{`${kindWords(point)} · ${basisWords(point.basis)}`}</div>
        {point.kindReason === '' ? null : <div className={styles.quiet}>{point.kindReason}</div>}
      </div>
      <div className={styles.block}>
        <dl className={styles.facts} data-testid="point-cost">
          <dt>Adds</dt>
          <dd title={formatExactBytes(point.adds, style.units)}>{formatBytes(point.adds, style.units)}</dd>
          <dt>Takes up</dt>
          <dd title={formatExactBytes(point.bytes, style.units)}>{formatBytes(point.bytes, style.units)}</dd>
        </dl>
      </div>
    </Group>
  )
}

export function PointDisks({ point, style }: PointPartProps): ReactElement {
  return (
    <Group label="Disks">
      {point.disks.map((disk) => (
        <div className={styles.block} key={disk.id} data-testid={`point-disk-${disk.id}`}>
          <div className={styles.between}>
            <span>{disk.id}</span>
            <span className={styles.headline}>{formatBytes(disk.virtualSize, style.units)}</span>
          </div>
          <div className={styles.quiet}>
            {`${formatBytes(disk.bytesCopied, style.units)} copied.`} {disk.basisReason}
          </div>
        </div>
      ))}
    </Group>
  )
}
