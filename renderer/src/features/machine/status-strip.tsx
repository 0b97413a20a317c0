// "Am I safe?" in one line: last good restore point, how much there is, room on the destination, and what is true of
// the machine right now (ux.md S2). What the next backup would be is said here, before the click.
import type { ReactElement } from 'react'
import type { Destination } from '../../../../shared/domain/destination.ts'
import type { Machine } from '../../../../shared/domain/machine.ts'
import { formatBytes, formatExactBytes } from '../../../../shared/format/bytes.ts'
import { formatAgeWords, formatMoment } from '../../../../shared/format/dates.ts'
import type { BackupPreview } from '../../../../shared/ipc/contract.ts'
import { changedBytes, nextBackupSentence } from '../../../../shared/text/job-words.ts'
import { backedUpDisks } from '../../../../shared/text/machine-words.ts'
import { basisWords } from '../../../../shared/text/point-words.ts'
import { classes } from '../../design/classes.ts'
import { destinationFor, useDestinations, usePoint, useSettings } from '../../state/selectors.ts'
import { useWordStyle, type WordStyle } from '../../state/words.ts'
import { ReadinessRow } from './readiness-row.tsx'
import styles from './status-strip.module.css'

interface Fact {
  readonly name: string
  readonly value: string
  readonly hint: string
  readonly tone?: 'warning' | 'problem'
  readonly title?: string
}

export interface StatusStripProps {
  readonly machine: Machine
  /** What Back Up Now would do; null while it is not known. */
  readonly next: BackupPreview | null
}

export function StatusStrip({ machine, next }: StatusStripProps): ReactElement {
  const style = useWordStyle()
  const destination = destinationFor(machine.id, useSettings(), useDestinations())
  const last = usePoint(machine.lastGoodPoint?.id ?? null)
  const facts = [
    lastPointFact(machine, last?.index.kind === 'none', style),
    dataFact(machine, next, style),
    ...(next === null ? [] : [nextFact(next, style)]),
    spaceFact(destination, style),
  ]
  return (
    <section className={styles.strip} aria-label="Status" data-testid="status-strip">
      <dl className={styles.cells}>
        {facts.map((fact) => (
          <div className={styles.cell} key={fact.name} title={fact.title}>
            <dt className={styles.name}>{fact.name}</dt>
            <dd className={classes(styles.value, fact.tone && styles[fact.tone])}>{fact.value}</dd>
            <dd className={styles.hint}>{fact.hint}</dd>
          </div>
        ))}
      </dl>
      {next === null || next.kindReason === '' ? null : (
        <p className={styles.why} data-testid="next-backup">
          <strong>{next.kind === 'full' ? 'The next backup is a full one.' : 'The next backup is incremental.'}</strong>{' '}
          {next.kindReason}
        </p>
      )}
      <ReadinessRow machine={machine} />
    </section>
  )
}

function lastPointFact(machine: Machine, unchecked: boolean, style: WordStyle): Fact {
  const name = 'Last good restore point'
  if (machine.lastGoodPoint === null) {
    return { name, value: 'None yet', hint: 'Back up now to get the first one', tone: 'warning' }
  }
  const at = machine.lastGoodPoint.createdAt
  const age = formatAgeWords(at, style.now)
  return { name, value: formatMoment(at, style), hint: unchecked ? `${capital(age)}, not checked` : capital(age) }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function nextFact(next: BackupPreview, style: WordStyle): Fact {
  const sentence = nextBackupSentence(next, style.units)
  const size = formatBytes(next.bytesToCopy, style.units)
  const value = next.kind === 'full' ? 'Full' : 'Incremental'
  return {
    name: 'Next backup',
    value: next.basis === 'comparison' || next.bytesToCopy === 0 ? value : `${value}, ${size}`,
    hint: basisWords(next.basis),
    title: sentence,
  }
}

function dataFact(machine: Machine, next: BackupPreview | null, style: WordStyle): Fact {
  const disks = backedUpDisks(machine)
  const used = disks.reduce((sum, disk) => sum + disk.allocatedSize, 0)
  const size = disks.reduce((sum, disk) => sum + disk.virtualSize, 0)
  const name = 'Data on disks'
  if (disks.length === 0) {
    const hint = machine.disks.length === 0 ? 'Known once Floe reaches the machine' : 'No disk can be backed up'
    return { name, value: '–', hint }
  }
  if (next !== null && next.basis === 'bitmap') {
    const changed = changedBytes(next)
    const ends = next.endBytes === 0 ? '' : `. ${endWords(next.endBytes, style)}`
    return {
      name: 'Changed since',
      value: changed === 0 ? 'Nothing' : formatBytes(changed, style.units),
      hint: `of ${formatBytes(size, style.units)} on ${disks.length} ${disks.length === 1 ? 'disk' : 'disks'}`,
      title: `${formatExactBytes(changed, style.units)}${ends}`,
    }
  }
  return {
    name,
    value: formatBytes(used, style.units),
    hint: `of ${formatBytes(size, style.units)} on ${disks.length} ${disks.length === 1 ? 'disk' : 'disks'}`,
    title: formatExactBytes(used, style.units),
  }
}

/** What is copied although nobody knows whether it changed. */
function endWords(bytes: number, style: WordStyle): string {
  return `${formatBytes(bytes, style.units)} at the end of the disks are copied each time, changed or not.`
}

function spaceFact(destination: Destination | null, style: WordStyle): Fact {
  if (destination === null) {
    return { name: 'Space', value: 'No destination', hint: 'Choose where backups go' }
  }
  const name = `Space on ${destination.name}`
  switch (destination.state.kind) {
    case 'absent':
      return { name, value: 'Not connected', hint: 'Connect it to back up', tone: 'warning' }
    case 'locked':
      return { name, value: 'Locked', hint: 'Unlock it to back up', tone: 'warning' }
    case 'other-disk':
      return { name, value: 'Another disk', hint: 'Nothing is written to it', tone: 'problem' }
    case 'read-only':
      return { name, value: 'Read-only', hint: destination.state.reason, tone: 'problem' }
    case 'no-permission':
      return { name, value: 'No permission', hint: 'Floe isn’t allowed to use it', tone: 'problem' }
    case 'full':
    case 'connected': {
      const full = destination.state.kind === 'full'
      const free = destination.freeBytes
      if (free === null) return { name, value: full ? 'Full' : 'Connected', hint: 'Free space is not known' }
      const backups = `Backups take ${formatBytes(destination.backupBytes, style.units)}`
      return {
        name,
        value: `${formatBytes(free, style.units)} left`,
        hint: full ? 'Full' : backups,
        title: formatExactBytes(free, style.units),
        ...(full ? { tone: 'problem' as const } : {}),
      }
    }
  }
}
