// The disks a backup can take; those it cannot take say why, and leaving one out is said plainly.
import type { ReactElement } from 'react'
import type { Disk } from '../../../../shared/domain/disk.ts'
import type { Machine } from '../../../../shared/domain/machine.ts'
import { formatBytes, type Units } from '../../../../shared/format/bytes.ts'
import type { BackupPreview } from '../../../../shared/ipc/contract.ts'
import { changedBytes } from '../../../../shared/text/job-words.ts'
import { exclusionWords } from '../../../../shared/text/machine-words.ts'
import { Checkbox } from '../../design/checkbox.tsx'
import styles from './options.module.css'

export interface DiskChoiceProps {
  readonly machine: Machine
  readonly chosen: ReadonlySet<string>
  /** Null while it is not known. */
  readonly preview: BackupPreview | null
  readonly onChange: (chosen: ReadonlySet<string>) => void
  readonly units: Units
}

export function DiskChoice({ machine, chosen, preview, onChange, units }: DiskChoiceProps): ReactElement {
  const left = machine.disks.filter((disk) => disk.exclusion === null && !chosen.has(disk.id))
  if (machine.disks.length === 0) return <p className={styles.line}>Known once Floe reaches the machine</p>
  return (
    <fieldset className={styles.disks} aria-label="Disks">
      {machine.disks.map((disk) => (
        <Checkbox
          key={disk.id}
          checked={chosen.has(disk.id)}
          disabled={disk.exclusion !== null}
          hint={exclusionWords(disk) ?? costWords(disk, preview, units)}
          testId={`disk-${disk.id}`}
          onChange={(on) => {
            const next = new Set(chosen)
            if (on) next.add(disk.id)
            else next.delete(disk.id)
            onChange(next)
          }}
        >
          {disk.id} {fileName(disk)}
        </Checkbox>
      ))}
      {left.length === 0 ? null : (
        <p className={styles.hint} role="status">
          {left.length === 1
            ? `${left[0]?.id} will not be in this restore point.`
            : `${left.map((disk) => disk.id).join(', ')} will not be in this restore point.`}
        </p>
      )}
    </fieldset>
  )
}

/** "8.70 GB changed. Changes have been tracked since Yesterday 21:00." */
function costWords(disk: Disk, preview: BackupPreview | null, units: Units): string {
  const plan = preview?.disks.find((one) => one.diskId === disk.id)
  const bytes = formatBytes(plan?.bytesToCopy ?? disk.allocatedSize, units)
  const cost =
    plan?.basis === 'bitmap'
      ? changedWords(plan, units)
      : plan?.basis === 'comparison'
        ? 'Changes found by comparing'
        : `${bytes} to copy`
  return plan === undefined || plan.basisReason === '' ? cost : `${cost}. ${plan.basisReason}`
}

function changedWords(plan: BackupPreview['disks'][number], units: Units): string {
  const changed = changedBytes(plan)
  return changed === 0 ? 'Nothing changed' : `${formatBytes(changed, units)} changed`
}

function fileName(disk: Disk): string {
  return disk.imagePath === null ? '' : (disk.imagePath.split('/').at(-1) ?? '')
}
