// What a QEMU's command line says about reaching it: monitors, agent, identity, images. Pure; paths are resolved
// against the process's folder, because QEMU takes them so.
import { basename } from 'node:path'
import type { QmpEndpoint } from '../../../../shared/domain/machine.ts'
import { takesNoValue } from '../../ports/joined-command.ts'
import { endpointOfChardev, endpointOfDevice, endpointText, unixEndpoint } from './endpoints.ts'
import { type CommandLineImage, type CommandLineOption, imagesOf } from './images.ts'
import { optionMap } from './option-syntax.ts'
import { type RunActions, runActionsOf } from './run-actions.ts'

export interface QemuCommandLine {
  readonly program: string
  /** From `-name`; null when not given. */
  readonly name: string | null
  readonly uuid: string | null
  readonly pidFile: string | null
  readonly accelerator: string
  /** QMP monitors that a client can reach, in the order given. */
  readonly qmp: readonly QmpEndpoint[]
  /** Is there a QMP monitor that nobody can connect to (stdio, an inherited descriptor)? */
  readonly unreachableQmp: boolean
  /** Is there a human monitor (HMP) on a socket? */
  readonly hmp: boolean
  /** Socket path or HOST:PORT of the guest agent's channel. */
  readonly agent: string | null
  /** Ids of the agent's character device and of its port, by which QEMU names them; null when not given. */
  readonly agentIds: AgentIds
  readonly actions: RunActions
  readonly images: readonly CommandLineImage[]
}

export interface AgentIds {
  readonly chardev: string | null
  readonly port: string | null
}

function readOptions(args: readonly string[]): CommandLineOption[] {
  const options: CommandLineOption[] = []
  for (let at = 0; at < args.length; at += 1) {
    const argument = args[at] as string
    const name = /^--?([a-zA-Z].*)$/s.exec(argument)?.[1]
    if (name === undefined) options.push({ name: null, value: argument })
    else if (takesNoValue(name)) options.push({ name, value: null })
    else {
      options.push({ name, value: args[at + 1] ?? null })
      at += 1
    }
  }
  return options
}

function acceleratorOf(options: readonly CommandLineOption[]): string {
  for (const { name, value } of options) {
    if (name === 'enable-kvm') return 'kvm'
    if (name === 'accel' && value) return optionMap(value, 'accel').get('accel') ?? 'tcg'
    if ((name === 'machine' || name === 'M') && value) {
      const accel = optionMap(value, 'type').get('accel')
      if (accel) return accel.split(':')[0] ?? accel
    }
  }
  return 'tcg'
}

const agentPort = 'org.qemu.guest_agent.0'

/** @param args the whole argument list, the program first. @param cwd null when the system does not tell. */
export function readCommandLine(args: readonly string[], cwd: string | null): QemuCommandLine {
  const options = readOptions(args.slice(1))
  const valuesOf = (...names: string[]) =>
    options.flatMap(({ name, value }) => (name !== null && names.includes(name) && value !== null ? [value] : []))
  const chardevs = new Map<string, ReadonlyMap<string, string>>()
  for (const value of valuesOf('chardev')) {
    const chardev = optionMap(value, 'backend')
    const id = chardev.get('id')
    if (id !== undefined) chardevs.set(id, chardev)
  }
  const endpointById = (id: string | undefined) => {
    const chardev = id === undefined ? undefined : chardevs.get(id)
    return chardev ? endpointOfChardev(chardev, cwd) : null
  }
  const endpointOf = (device: string) =>
    device.startsWith('chardev:') ? endpointById(device.slice(8)) : endpointOfDevice(device, cwd)

  const qmp: (QmpEndpoint | null)[] = []
  const hmp: (QmpEndpoint | null)[] = []
  for (const { name, value } of options) {
    if (value === null || value === 'none') continue
    if (name === 'qmp' || name === 'qmp-pretty') qmp.push(endpointOf(value))
    else if (name === 'monitor') hmp.push(endpointOf(value))
    else if (name === 'mon') {
      const monitor = optionMap(value, 'chardev')
      const list = monitor.get('mode') === 'control' ? qmp : hmp
      list.push(endpointById(monitor.get('chardev')))
    } else if (name === 'object') {
      const object = optionMap(value, 'qom-type')
      const type = object.get('qom-type') ?? ''
      if (/^monitor-(qmp|hmp)$/.test(type))
        (type === 'monitor-qmp' ? qmp : hmp).push(endpointById(object.get('chardev')))
    }
  }
  const agentDevice = valuesOf('device')
    .map((value) => optionMap(value, 'driver'))
    .find((device) => device.get('name') === agentPort && device.get('driver') === 'virtserialport')
  const agent = endpointById(agentDevice?.get('chardev'))
  const nameOptions = valuesOf('name').map((value) => optionMap(value, 'guest'))
  const pidFile = valuesOf('pidfile').at(-1)
  const pidFileAt = pidFile === undefined ? null : unixEndpoint(pidFile, cwd)
  const uuid = valuesOf('uuid').at(-1)?.toLowerCase() ?? null
  return {
    program: basename(args[0] ?? ''),
    name:
      nameOptions.map((given) => given.get('guest')).findLast((given) => given !== undefined && given !== '') ?? null,
    uuid: uuid === '00000000-0000-0000-0000-000000000000' ? null : uuid,
    pidFile: pidFileAt?.kind === 'unix' ? pidFileAt.path : null,
    accelerator: acceleratorOf(options),
    qmp: qmp.filter((endpoint) => endpoint !== null),
    unreachableQmp: qmp.includes(null),
    hmp: hmp.some((endpoint) => endpoint !== null),
    agent: agent ? endpointText(agent) : null,
    agentIds: { chardev: agentDevice?.get('chardev') ?? null, port: agentDevice?.get('id') ?? null },
    actions: runActionsOf(options),
    images: imagesOf(options, cwd),
  }
}
