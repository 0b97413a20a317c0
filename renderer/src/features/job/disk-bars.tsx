// One thin bar for each disk; all belong to the same instant. More than four are folded (ux.md 4).
import { type ReactElement, useState } from 'react'
import type { DiskProgress } from '../../../../shared/domain/job.ts'
import { formatBytesLike, formatBytesOf, speakBytesOf, type Units } from '../../../../shared/format/bytes.ts'
import { Button } from '../../design/button.tsx'
import { ProgressBar } from '../../design/progress-bar.tsx'
import styles from './job-card.module.css'

const foldAbove = 4

export interface DiskBarsProps {
  readonly disks: readonly DiskProgress[]
  readonly units: Units
}

export function DiskBars({ disks, units }: DiskBarsProps): ReactElement | null {
  const [unfolded, setUnfolded] = useState(false)
  if (disks.length < 2) return null
  const folded = disks.length > foldAbove && !unfolded
  return (
    <>
      {folded ? null : (
        <div className={styles.disks}>
          {disks.map((disk) => (
            <DiskBar key={disk.diskId} disk={disk} units={units} />
          ))}
        </div>
      )}
      {disks.length > foldAbove ? (
        <div className={styles.fold}>
          <Button variant="plain" size="small" onPress={() => setUnfolded(!unfolded)}>
            {folded ? `Show ${disks.length} Disks` : 'Hide Disks'}
          </Button>
        </div>
      ) : null}
    </>
  )
}

function DiskBar({ disk, units }: { readonly disk: DiskProgress; readonly units: Units }): ReactElement {
  const fraction = disk.done ? 1 : disk.totalBytes === 0 ? 0 : disk.doneBytes / disk.totalBytes
  return (
    <>
      <span className={styles.diskName}>
        {disk.diskId} <bdi className={styles.file}>{disk.name}</bdi>
      </span>
      <ProgressBar
        thin
        label={`Disk ${disk.diskId}`}
        fraction={fraction}
        tone={disk.done ? 'ok' : 'accent'}
        valueText={disk.done ? 'done' : speakBytesOf(disk.doneBytes, disk.totalBytes, units)}
      />
      <span className={styles.amount}>
        {disk.done
          ? `${formatBytesLike(disk.totalBytes, disk.totalBytes, units)} · done`
          : formatBytesOf(disk.doneBytes, disk.totalBytes, units)}
      </span>
    </>
  )
}
