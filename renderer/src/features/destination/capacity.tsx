// How full the destination is, as a bar and in words.
import type { ReactElement } from 'react'
import type { Destination } from '../../../../shared/domain/destination.ts'
import { formatBytes, type Units } from '../../../../shared/format/bytes.ts'
import { CapacityBar } from '../../design/capacity-bar.tsx'
import { Card } from '../../design/card.tsx'
import styles from './destination.module.css'

export interface CapacityProps {
  readonly destination: Destination
  readonly units: Units
}

export function Capacity({ destination, units }: CapacityProps): ReactElement {
  const { totalBytes, freeBytes, backupBytes, pointCount } = destination
  const count = `${pointCount} ${pointCount === 1 ? 'restore point' : 'restore points'}`
  const backups = `Backups ${formatBytes(backupBytes, units)} · ${count}`
  if (totalBytes === null || freeBytes === null) {
    return (
      <Card label="Space">
        <p className={styles.legend}>{backups}. The free space is known when it is connected.</p>
      </Card>
    )
  }
  const other = Math.max(0, totalBytes - freeBytes - backupBytes)
  const free = `${formatBytes(freeBytes, units)} free of ${formatBytes(totalBytes, units)}`
  const tone =
    destination.state.kind === 'full' ? 'problem' : freeBytes / Math.max(1, totalBytes) < 0.1 ? 'warning' : 'plain'
  return (
    <Card label="Space">
      <p className={styles.free} data-testid="destination-free">
        {free}
      </p>
      <CapacityBar total={totalBytes} backups={backupBytes} other={other} valueText={free} tone={tone} />
      <p className={styles.legend}>
        <span className={styles.backupsMark} aria-hidden="true" />
        {backups}
        <span className={styles.otherMark} aria-hidden="true" />
        Other {formatBytes(other, units)}
      </p>
    </Card>
  )
}
