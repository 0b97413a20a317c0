// What will happen, before the click: kind, size and reason; by which way the data goes, and the room that takes.
import type { ReactElement, ReactNode } from 'react'
import type { Machine } from '../../../../shared/domain/machine.ts'
import type { BackupWay } from '../../../../shared/domain/point.ts'
import { formatBytes, type Units } from '../../../../shared/format/bytes.ts'
import type { BackupPreview } from '../../../../shared/ipc/contract.ts'
import { describeProblem } from '../../../../shared/text/problems.ts'
import { useHost } from '../../state/window-state.tsx'
import { FormRow } from './form-row.tsx'
import styles from './options.module.css'
import type { PreviewState } from './use-preview.ts'

export interface PreviewRowsProps {
  readonly state: PreviewState
  readonly machine: Machine
  /** Null without any. */
  readonly destination: string | null
  readonly units: Units
  /** The choice of kind, once it is known what each would be. */
  readonly kind: ReactNode
  /** The refusal is told elsewhere. */
  readonly told: boolean
}

export function PreviewRows(props: PreviewRowsProps): ReactElement {
  const { state, units } = props
  if (state.kind === 'ready' && props.destination !== null) {
    return (
      <>
        <FormRow name="Kind">
          {props.kind}
          <Shortage preview={state.preview} units={units} />
        </FormRow>
        <FormRow name="Copy">
          <Way preview={state.preview} units={units} />
        </FormRow>
      </>
    )
  }
  return (
    <FormRow name="Kind">
      <Unknown {...props} />
    </FormRow>
  )
}

function Unknown({ state, machine, destination, units, told }: PreviewRowsProps): ReactElement {
  if (destination === null) return <p className={styles.line}>Known when there is a destination</p>
  if (state.kind !== 'refused') return <p className={styles.line}>Looking at the disks…</p>
  if (told) return <p className={styles.line}>Known when nothing is in the way</p>
  const text = describeProblem(state.problem, { machine: machine.name, destination, units })
  return (
    <p className={styles.problem} role="alert">
      {text.title}. {text.body}
    </p>
  )
}

function Shortage({ preview, units }: { readonly preview: BackupPreview; readonly units: Units }): ReactElement | null {
  if (preview.enoughSpace || preview.freeBytes === null) return null
  return (
    <p className={styles.problem} role="alert">
      This backup needs about {formatBytes(preview.bytesToCopy, units)}; {formatBytes(preview.freeBytes, units)} is
      free.
    </p>
  )
}

const ways: Readonly<Record<BackupWay, string>> = {
  fleecing: 'Through a scratch image',
  push: 'Straight to the destination',
  offline: 'Directly from the images',
}

function Way({ preview, units }: { readonly preview: BackupPreview; readonly units: Units }): ReactElement {
  const userDir = useHost()?.userDir ?? null
  const { scratch } = preview
  return (
    <div data-testid="option-way">
      <p className={styles.line}>{ways[preview.way]}</p>
      <p className={styles.hint}>{preview.wayReason}</p>
      {scratch === null ? null : (
        <p className={styles.hint} data-testid="option-scratch">
          It may need about {formatBytes(scratch.expectedBytes, units)} in{' '}
          <bdi className={styles.path}>{homeRelative(scratch.folder, userDir)}</bdi>;{' '}
          {formatBytes(scratch.freeBytes, units)} free.
        </p>
      )}
    </div>
  )
}

function homeRelative(path: string, userDir: string | null): string {
  return userDir !== null && path.startsWith(`${userDir}/`) ? `~${path.slice(userDir.length)}` : path
}
