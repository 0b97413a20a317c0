// Reads a QEMU start command as far as Floe needs it: does it have a QMP socket and a channel to a guest agent, and what
// is the machine called?
import { type Address, addressOf, parametersOf, valuesOf } from './qemu-options.ts'
import { shellWords } from './shell-words.ts'

export type StartCommandReading =
  | { readonly kind: 'empty' }
  | { readonly kind: 'not-qemu' }
  | {
      readonly kind: 'qemu'
      /** The QMP socket's path or HOST:PORT; null without one. */
      readonly qmp: Address | null
      /** Where the guest agent listens; null without a channel. */
      readonly agent: Address | null
      /** What to add to have both; empty when nothing is missing. */
      readonly options: readonly string[]
    }

const agentPort = 'org.qemu.guest_agent.0'

export function readStartCommand(command: string): StartCommandReading {
  const words = shellWords(command)
  if (words.length === 0) return { kind: 'empty' }
  if (!words.some((word) => /(^|\/)qemu(-system-[a-z0-9_]+|-kvm)?$/.test(word))) return { kind: 'not-qemu' }
  const qmp = qmpOf(words)
  const agent = agentOf(words)
  const file = nameOf(words).replace(/[^A-Za-z0-9._-]+/g, '-')
  return {
    kind: 'qemu',
    qmp,
    agent,
    options: [
      ...(qmp === null ? [`-qmp unix:$HOME/.qmp/${file}.sock,server=on,wait=off`] : []),
      ...(agent === null ? agentOptions(file) : []),
    ],
  }
}

/** A channel for the guest agent, as the set-up of a machine that is known gives it. */
function agentOptions(file: string): readonly string[] {
  return [
    `-chardev socket,path=$HOME/.qmp/${file}-agent.sock,server=on,wait=off,id=agent0`,
    '-device virtio-serial',
    `-device virtserialport,chardev=agent0,name=${agentPort}`,
  ]
}

function nameOf(words: readonly string[]): string {
  const name = parametersOf(valuesOf(words, 'name')[0] ?? '', 'guest').get('guest')
  return name === undefined || name === '' ? 'machine' : name
}

function qmpOf(words: readonly string[]): Address | null {
  for (const value of valuesOf(words, 'qmp', 'qmp-pretty')) {
    const address = addressOf(value)
    if (address !== null) return address
  }
  return null
}

function agentOf(words: readonly string[]): Address | null {
  const port = valuesOf(words, 'device')
    .map((value) => parametersOf(value, 'driver'))
    .find((device) => device.get('driver') === 'virtserialport' && device.get('name') === agentPort)
  const chardev = port?.get('chardev')
  if (chardev === undefined) return null
  const channel = valuesOf(words, 'chardev')
    .map((value) => parametersOf(value, 'backend'))
    .find((one) => one.get('id') === chardev)
  const path = channel?.get('path')
  if (path !== undefined) return path
  const number = channel?.get('port')
  return number === undefined ? null : `${channel?.get('host') || '127.0.0.1'}:${number}`
}
