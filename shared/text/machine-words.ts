// A machine's state in words (ux.md 2, "Machine states"; 3.3 C1-C6): the sidebar's trailing item, the page's subtitle,
// the readiness row and the banner. Nothing here promises what Floe cannot do yet.
import type { Disk, DiskExclusion } from '../domain/disk.ts'
import type { Job } from '../domain/job.ts'
import type { Machine } from '../domain/machine.ts'
import { type DateStyle, formatAge, formatMomentInText, formatSpan, formatTime } from '../format/dates.ts'
import { isActive, isOver, percentOf } from './job-words.ts'
import { busyBody, noPermissionBody, noSocketBody, notQemuBody, notQmpBody, silentBody } from './problems/machine.ts'
import {
  addMachine,
  alsoTryAgain,
  copyCommand,
  copyOption,
  copySocketOption,
  type ProblemAction,
  shorten,
  showScript,
  tryAgain,
} from './problems/problem-text.ts'

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

/** The end of a machine's sidebar row. A running job comes first, then what keeps Floe away, then the last good point. */
export function machineTrailing(machine: Machine, jobs: readonly Job[], now: Date): Trailing {
  const own = jobs.filter((job) => job.machineId === machine.id && !isOver(job.state))
  const active = own.find((job) => isActive(job.state))
  if (active !== undefined) {
    const percent = percentOf(active)
    if (active.state.kind === 'paused') return quiet('Paused', 'paused')
    return {
      text: percent === null ? '' : `${percent}\u00a0%`,
      tone: 'quiet',
      icon: 'ring',
      fraction: active.progress?.fraction ?? 0,
      spoken: percent === null ? 'working' : `${percent} percent`,
    }
  }
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

/** True when Back Up Now can work: Floe reaches QEMU. */
export function canBackUp(machine: Machine): boolean {
  return machine.state.kind === 'running' || machine.state.kind === 'guest-paused'
}

/** Why Back Up Now is off; null when it is not. */
export function whyNoBackup(machine: Machine): string | null {
  switch (machine.state.kind) {
    case 'running':
    case 'guest-paused':
      return null
    case 'off':
      return `${machine.name} is off. Start it, then back it up while it runs.`
    case 'unplugged':
      return `Connect the drive with the images of ${machine.name}.`
    case 'not-qemu':
      return `${machine.name} isn’t a QEMU machine.`
    default:
      return `Floe can’t reach ${machine.name} yet.`
  }
}

/** Disks a backup takes by default. */
export function backedUpDisks(machine: Machine): readonly Disk[] {
  return machine.disks.filter((disk) => disk.exclusion === null)
}

export interface ReadinessItem {
  readonly id: 'qmp' | 'disks' | 'consistency' | 'off'
  readonly tone: 'ok' | 'neutral' | 'warning'
  readonly text: string
  /** Longer words, for a tooltip. */
  readonly hint: string | null
}

/** What is true of this machine today, in one row. */
export function readiness(machine: Machine): readonly ReadinessItem[] {
  const count = backedUpDisks(machine).length
  const disks: ReadinessItem = {
    id: 'disks',
    tone: count === 0 ? 'warning' : 'neutral',
    text: count === 0 ? 'No disk to back up' : count === 1 ? '1 disk' : `${count} disks, same instant`,
    hint: count > 1 ? 'One restore point holds all disks as they were at one instant.' : null,
  }
  switch (machine.state.kind) {
    case 'running':
    case 'guest-paused':
      return [
        { id: 'qmp', tone: 'ok', text: 'QEMU answers', hint: 'Floe is connected to the machine’s QMP socket.' },
        disks,
        {
          id: 'consistency',
          tone: 'neutral',
          text: 'Crash-consistent',
          hint: 'A restore point is like after a power cut: the guest repairs its journal on first boot.',
        },
      ]
    case 'off':
      return [{ id: 'off', tone: 'neutral', text: 'Off: start it to back it up', hint: null }, disks]
    default:
      return count === 0 ? [] : [disks]
  }
}

export interface MachineBanner {
  /** Stable, for the test id: `banner-{code}`. */
  readonly code: string
  readonly tone: 'info' | 'warning' | 'problem'
  readonly title: string
  readonly body: string
  /** Text to copy, shown as code; null when there is none. */
  readonly snippet: string | null
  readonly actions: readonly ProblemAction[]
}

/** What keeps Floe from backing this machine up, with its way out; null when nothing does. */
export function machineBanner(machine: Machine): MachineBanner | null {
  const { state, name } = machine
  switch (state.kind) {
    case 'running':
    case 'off':
      return null
    case 'guest-paused':
      return state.status === 'io-error'
        ? banner(
            'guest-paused',
            'problem',
            shorten(name, (it) => `${it} stopped after a disk error`),
            {
              body: 'QEMU paused the guest because a write failed. Fix the cause, then continue the machine in its own console.',
            },
          )
        : banner('guest-paused', 'info', 'Guest CPU is stopped', { body: 'A backup works all the same.' })
    case 'busy':
      return banner(
        'busy',
        'warning',
        shorten(name, (it) => `${it} is busy with another program`),
        {
          body: busyBody(state.program, state.pid),
          snippet: socketOption(machine),
          actions: [copySocketOption, tryAgain],
        },
      )
    case 'no-socket':
      return banner(
        'no-socket',
        'warning',
        shorten(name, (it) => `${it} was started without a QMP socket`),
        {
          body: state.reason === 'hmp-only' ? notQmpBody('hmp') : noSocketBody(machine.startedBy),
          snippet: state.option,
          actions: machine.startCommand === null ? [copyOption] : [showScript, copyOption],
        },
      )
    case 'no-permission':
      return banner(
        'no-permission',
        'warning',
        shorten(name, (it) => `No permission to reach ${it}`),
        {
          body: noPermissionBody(state.user),
          snippet: state.command,
          actions: [copyCommand, alsoTryAgain],
        },
      )
    case 'silent':
      return banner(
        'silent',
        'warning',
        shorten(name, (it) => `${it} doesn’t answer`),
        {
          body: silentBody,
          actions: [tryAgain],
        },
      )
    case 'not-qmp':
      return banner(
        'not-qmp',
        'warning',
        shorten(name, (it) => `The socket of ${it} isn’t a QMP socket`),
        {
          body: notQmpBody(state.speaks),
          snippet: state.speaks === 'hmp' ? socketOption(machine) : null,
          actions: state.speaks === 'hmp' ? [copyOption, alsoTryAgain] : [tryAgain],
        },
      )
    case 'not-qemu':
      return banner(
        'not-qemu',
        'info',
        shorten(name, (it) => `${it} isn’t a QEMU machine`),
        {
          body: notQemuBody(state.engine, state.launcher),
        },
      )
    case 'unplugged':
      return banner(
        'unplugged',
        'warning',
        shorten(name, (it) => `The drive of ${it} isn’t connected`),
        {
          body: `Connect the drive with ${state.path}. Its restore points are still listed below.`,
          actions: [tryAgain, { ...addMachine, primary: false }],
        },
      )
  }
}

function banner(
  code: string,
  tone: MachineBanner['tone'],
  title: string,
  rest: { body: string; snippet?: string | null; actions?: readonly ProblemAction[] },
): MachineBanner {
  return { code, tone, title, body: rest.body, snippet: rest.snippet ?? null, actions: rest.actions ?? [] }
}

/** An option that gives Floe a socket of its own, next to the one in use. */
export function socketOption(machine: Pick<Machine, 'name' | 'endpoint'>): string {
  const file = machine.name.replace(/[^A-Za-z0-9._-]+/g, '-') || 'machine'
  return `-qmp unix:$HOME/.qmp/${file}-floe.sock,server=on,wait=off`
}

const exclusions: Readonly<Record<DiskExclusion, string>> = {
  empty: 'No medium in the drive',
  'read-only': 'Read-only, not needed',
  removable: 'Removable medium, not needed',
  'not-attached': 'Not attached to the machine',
  temporary: 'Temporary: its changes are thrown away at shutdown',
  unreadable: 'QEMU can’t say what it is',
}

/** Why a disk is not backed up; null when it is. */
export function exclusionWords(disk: Pick<Disk, 'exclusion'>): string | null {
  return disk.exclusion === null ? null : exclusions[disk.exclusion]
}

/** "Off since 14:10" for the overview. */
export function offSince(machine: Machine, style: DateStyle): string | null {
  return machine.state.kind === 'off' && machine.state.since !== null
    ? `Off since ${formatTime(machine.state.since, style)}`
    : null
}
