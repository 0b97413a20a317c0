import { basename } from 'node:path'
import type { MachineId } from '../../../shared/domain/ids.ts'
import type { Ports } from '../ports/index.ts'
import type { FoundQemu } from './discovery.ts'
import { type FileIdentity, identifyFiles } from './file-identity.ts'
import type { MachineTraits } from './identity.ts'
import { launcherOfProcess, launcherOfSocket } from './launchers.ts'
import { RegistryEntry } from './registry.ts'
import { commandText } from './shell-quote.ts'

const withoutExtension = (path: string) => basename(path).replace(/\.[A-Za-z0-9]+$/, '') || basename(path)

/** The images by which a command line can be recognised: what the guest may write, without firmware. */
export async function traitsOf({ line }: FoundQemu): Promise<MachineTraits> {
  const paths = line.images.filter((image) => !image.readOnly && !image.firmware).map((image) => image.path)
  const images = await identifyFiles([...new Set(paths)])
  return { images, uuid: line.uuid, name: line.name }
}

/** What to call a machine that has no name of its own: after its first image, its socket, or its process. */
export function nameFor(found: FoundQemu, images: readonly FileIdentity[]): string {
  const socket = found.line.qmp.find((endpoint) => endpoint.kind === 'unix')
  const named = found.line.name ?? (images[0] ? withoutExtension(images[0].path) : null)
  return named ?? (socket ? withoutExtension(socket.path) : `QEMU ${found.process.pid}`)
}

export function newEntry(id: MachineId, fields: Pick<RegistryEntry, 'name' | 'origin'> & Partial<RegistryEntry>) {
  return RegistryEntry.parse({ id, ...fields })
}

/** The entry of a machine that was found and is not known yet. */
export function entryFor(id: MachineId, found: FoundQemu, { images }: MachineTraits): RegistryEntry {
  const known = images.map(({ path, key }) => ({ path, key }))
  return newEntry(id, { name: nameFor(found, images), origin: 'found', images: known })
}

/** What is remembered of a machine, brought up to date by the process that runs it now. */
export function entryWithProcess(entry: RegistryEntry, found: FoundQemu, env: Ports['env']): RegistryEntry {
  const { line, process } = found
  const endpoint = entry.origin === 'found' ? (line.qmp[0] ?? null) : (entry.endpoint ?? line.qmp[0] ?? null)
  const isAgentGiven = entry.agentGiven ?? (line.agent === null && entry.agentPath !== null)
  return {
    ...entry,
    endpoint,
    agentPath: isAgentGiven ? entry.agentPath : line.agent,
    agentGiven: isAgentGiven,
    guestName: line.name ?? entry.guestName,
    name: entry.named ? entry.name : (line.name ?? entry.name),
    uuid: line.uuid ?? entry.uuid,
    accelerator: line.accelerator,
    launcher: launcherOfSocket(endpoint, env) ?? launcherOfProcess(process.args),
    startCommand: commandText(process.args),
    startedBy: found.startedBy,
    cwd: process.cwd ?? entry.cwd,
    offSince: null,
  }
}
