// A machine's state in words (ux.md 2, "Machine states"; 3.3 C1-C6): the sidebar's trailing item, the page's subtitle,
// the readiness row, the banner and the alarm; the longer ones lie in machine-words/. Nothing here promises what Floe
// cannot do yet.
import { isFinal, type Job } from '../domain/job.ts'
import type { Machine } from '../domain/machine.ts'
import { type DateStyle, formatAge, formatMomentInText, formatSpan } from '../format/dates.ts'
import { isUnderWay, percentOf, readingName, readingOf } from './job-words.ts'
import { backedUpDisks } from './machine-words/disks.ts'

export { type MachineBanner, machineBanner, socketOption } from './machine-words/banner.ts'
export { backedUpDisks, exclusionWords } from './machine-words/disks.ts'
export { type FrozenAlarm, frozenAlarm } from './machine-words/frozen-alarm.ts'
export { type ReadinessItem, readiness } from './machine-words/readiness.ts'

export interface Trailing {
  readonly text: string
  readonly tone: 'quiet' | 'warning' | 'problem'
  readonly icon: 'none' | 'ring' | 'warning' | 'problem' | 'unplugged'
  /** 0..1 for the ring. */
  readonly fraction: number | null
  /** For screen readers, in whole words. */
  readonly spoken: string
}

const quiet = (text: string, spoken: string): Trailing => ({
  text,
  tone: 'quiet',
  icon: 'none',
  fraction: null,
  spoken,
})
const slashed = (text: string, spoken: string): Trailing => ({
  text,
  tone: 'warning',
  icon: 'unplugged',
  fraction: null,
  spoken,
})

const alarming = (text: string, spoken: string): Trailing => ({
  text,
  tone: 'problem',
  icon: 'problem',
  fraction: null,
  spoken,
})

/** How far a job is: its share of what it copies, or its name and its share of what it reads instead. */
function moving(job: Job): Trailing {
  const name = readingName(job)
  const reading = readingOf(job)
  if (name !== null && (reading !== null || job.state.kind === 'comparing')) {
    const fraction = reading === null ? 0 : Math.min(1, reading.doneBytes / Math.max(1, reading.totalBytes))
    const share = reading === null ? '' : `, ${Math.min(99, Math.floor(fraction * 100))} percent read`
    return { text: name, tone: 'quiet', icon: 'ring', fraction, spoken: `${name.toLowerCase()}${share}` }
  }
  const percent = percentOf(job)
  return {
    text: percent === null ? '' : `${percent}\u00a0%`,
    tone: 'quiet',
    icon: 'ring',
    fraction: job.progress?.fraction ?? 0,
    spoken: percent === null ? 'working' : `${percent} percent`,
  }
}

/**
 * The end of a machine's sidebar row. A guest that may still be frozen comes first, then a running job, then what keeps
 * Floe away, then the last good point.
 */
export function machineTrailing(machine: Machine, jobs: readonly Job[], now: Date): Trailing {
  if (machine.mayBeFrozenSince !== null) return alarming('Frozen?', 'may still be frozen')
  const own = jobs.filter((job) => job.machineId === machine.id && !isFinal(job.state))
  const active = own.find((job) => isUnderWay(job.state))
  if (active !== undefined) {
    if (active.state.kind === 'paused') {
      return active.state.reason === 'no-space'
        ? alarming('Paused', 'paused, the destination is full')
        : quiet('Paused', 'paused')
    }
    if (active.state.kind === 'holding') return quiet('Exported', 'exported')
    return moving(active)
  }
  if (own.some((job) => job.state.kind === 'waiting')) return quiet('Waiting', 'a backup is waiting')
  if (own.length > 0) return quiet('Queued', 'queued')
  switch (machine.state.kind) {
    case 'off':
      return quiet('Off', 'off')
    case 'guest-paused':
      return quiet('Paused guest', 'guest paused')
    case 'busy':
      return slashed('Busy', 'busy with another program')
    case 'no-socket':
      return slashed('No socket', 'started without a QMP socket')
    case 'no-permission':
      return slashed('No access', 'no permission')
    case 'silent':
      return slashed('No answer', 'doesn’t answer')
    case 'not-qmp':
      return slashed('Not QMP', 'its socket isn’t a QMP socket')
    case 'not-qemu':
      return quiet('Not QEMU', 'not a QEMU machine')
    case 'unplugged':
      return slashed('Unplugged', 'its drive isn’t connected')
    case 'running':
      return machine.lastGoodPoint === null
        ? { text: 'Never', tone: 'warning', icon: 'none', fraction: null, spoken: 'never backed up' }
        : quiet(
            formatAge(machine.lastGoodPoint.createdAt, now),
            `last backup ${formatAge(machine.lastGoodPoint.createdAt, now)}`,
          )
  }
}

const accelerators: Readonly<Record<string, string>> = { hvf: 'HVF', kvm: 'KVM', tcg: 'TCG', whpx: 'WHPX' }

/** "QEMU 7.2.22, HVF"; null while QEMU has not said. */
export function qemuWords(machine: Machine): string | null {
  if (machine.qemuVersion === null) return null
  const name = machine.accelerator === null ? null : (accelerators[machine.accelerator] ?? machine.accelerator)
  return name === null ? `QEMU ${machine.qemuVersion}` : `QEMU ${machine.qemuVersion}, ${name}`
}

/** The line below the machine's name. */
export function machineSubtitle(machine: Machine, style: DateStyle): string {
  const state = machine.state
  if (machine.mayBeFrozenSince !== null) return 'May still be frozen'
  const qemu = qemuWords(machine)
  const withQemu = (text: string) => (qemu === null ? text : `${text} · ${qemu}`)
  switch (state.kind) {
    case 'running':
      return withQemu(
        machine.runningSince === null ? 'Running' : `Running for ${formatSpan(machine.runningSince, style.now)}`,
      )
    case 'guest-paused':
      return withQemu(state.status === 'io-error' ? 'Stopped after a disk error' : 'Guest CPU is stopped')
    case 'off': {
      const since = state.since ?? machine.lastSeenAt
      return since === null ? 'Off' : `Off · last seen ${formatMomentInText(since, style)}`
    }
    case 'busy':
      return 'Busy with another program'
    case 'no-socket':
      return 'Running without a QMP socket'
    case 'no-permission':
      return 'No permission to reach it'
    case 'silent':
      return 'Doesn’t answer'
    case 'not-qmp':
      return 'Its socket isn’t a QMP socket'
    case 'not-qemu':
      return `Uses ${state.engine}`
    case 'unplugged':
      return 'The drive with its images isn’t connected'
  }
}

/** Below the name on the machine's own page: also what a backup of a machine that is off does. */
export function pageSubtitle(machine: Machine, style: DateStyle): string {
  return machine.state.kind === 'off' && machine.mayBeFrozenSince === null && canBackUp(machine)
    ? 'Off · A backup copies the images directly'
    : machineSubtitle(machine, style)
}

/** True while Floe reaches QEMU. */
export function isReachable(machine: Machine): boolean {
  return machine.state.kind === 'running' || machine.state.kind === 'guest-paused'
}

/** True when Back Up Now can work: Floe reaches QEMU, or the machine is off and its images are known. */
export function canBackUp(machine: Machine): boolean {
  return whyNoBackup(machine) === null
}

/** Why Back Up Now is off; null when it is not. */
export function whyNoBackup(machine: Machine): string | null {
  switch (machine.state.kind) {
    case 'running':
    case 'guest-paused':
      return null
    case 'off':
      return backedUpDisks(machine).some((disk) => disk.imagePath !== null)
        ? null
        : `Floe doesn’t know the disks of ${machine.name} yet. Start it once.`
    case 'unplugged':
      return `Connect the drive with the images of ${machine.name}.`
    case 'not-qemu':
      return `${machine.name} isn’t a QEMU machine.`
    default:
      return `Floe can’t reach ${machine.name} yet.`
  }
}
