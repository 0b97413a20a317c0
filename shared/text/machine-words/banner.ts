// What keeps Floe from backing a machine up, with its way out (ux.md 3.3, C1-C6).
import type { Machine } from '../../domain/machine.ts'
import { busyBody, noPermissionBody, noSocketBody, notQemuBody, notQmpBody, silentBody } from '../problems/machine.ts'
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
} from '../problems/problem-text.ts'

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
        : banner('guest-paused', 'info', 'Guest CPU is stopped', {
            body: 'A backup works; freezing is skipped, because nothing writes.',
          })
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
