// What `floe doctor` looks at: the programs Floe needs, the home folder, the machines and the destinations.
import { access, constants } from 'node:fs/promises'
import type { Diagnostic } from '../../../shared/ipc/contract.ts'
import { FloeError } from '../errors.ts'
import type { MachineService } from '../machines/types.ts'
import type { Ports } from '../ports/index.ts'
import { locateTool, type ToolName } from '../qemu-img/tool.ts'
import type { Repository } from '../repository/types.ts'

interface Dependencies {
  readonly ports: Ports
  readonly homeDir: string
  readonly machines: MachineService
  readonly repository: Repository
}

/** `without`: what the lack of it means. */
const tools: readonly { name: ToolName; title: string; without: Diagnostic['result'] }[] = [
  { name: 'qemu-img', title: 'qemu-img creates and checks images', without: 'failed' },
  { name: 'qemu-nbd', title: 'qemu-nbd reads images back', without: 'failed' },
  {
    name: 'qemu-storage-daemon',
    title: 'qemu-storage-daemon reads the images of machines that are off',
    without: 'warning',
  },
]

async function toolDiagnostic(ports: Ports, { name, title, without }: (typeof tools)[number]): Promise<Diagnostic> {
  try {
    return { id: `tool-${name}`, title, result: 'ok', detail: await locateTool(name, { env: ports.env }), fix: null }
  } catch (error) {
    if (!(error instanceof FloeError)) throw error
    return { id: `tool-${name}`, title, result: without, detail: error.message, fix: error.remedy }
  }
}

async function homeDiagnostic(homeDir: string): Promise<Diagnostic> {
  const entry = { id: 'home', title: 'The home folder keeps settings and journals', detail: homeDir }
  try {
    await access(homeDir, constants.R_OK | constants.W_OK)
    return { ...entry, result: 'ok', fix: null }
  } catch {
    return { ...entry, result: 'failed', fix: `Make ${homeDir} writable, or start Floe with --home.` }
  }
}

/** Machines that cannot be backed up right now, with why; an off machine is no fault. */
function machineDiagnostics(machines: MachineService): Diagnostic[] {
  return machines.list().map((machine): Diagnostic => {
    const { kind } = machine.state
    const good = kind === 'running' || kind === 'guest-paused' || kind === 'off'
    return {
      id: `machine-${machine.id}`,
      title: `Machine ${machine.name}`,
      result: good ? 'ok' : 'warning',
      detail: machine.qemuVersion ? `${kind}, QEMU ${machine.qemuVersion}` : kind,
      fix:
        machine.state.kind === 'no-socket'
          ? `Create the folder ~/.qmp, then add this option to its start command: ${machine.state.option}`
          : null,
    }
  })
}

function destinationDiagnostics(repository: Repository): Diagnostic[] {
  return repository.destinations().map((destination): Diagnostic => {
    const good = destination.state.kind === 'connected'
    return {
      id: `destination-${destination.id}`,
      title: `Destination ${destination.name}`,
      result: good ? 'ok' : 'warning',
      detail: `${destination.path}: ${destination.state.kind}`,
      fix: destination.state.kind === 'absent' ? 'Connect the drive.' : null,
    }
  })
}

export function createDoctor({ ports, homeDir, machines, repository }: Dependencies): () => Promise<Diagnostic[]> {
  return async () => [
    ...(await Promise.all(tools.map((tool) => toolDiagnostic(ports, tool)))),
    await homeDiagnostic(homeDir),
    ...machineDiagnostics(machines),
    ...destinationDiagnostics(repository),
  ]
}
